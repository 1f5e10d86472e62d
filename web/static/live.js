
// ---- live: one stream for all tabs, whatever they show, none for hidden ones alone; new events wait behind a button until
// somebody wants them ----
// Each tab that is seen holds a lock that names what it follows, and that goes with it, however it ends. The tab that has
// the lock of all has the stream, for what those locks name, and passes on what it hears. All of them know the place where
// it is, so that whoever comes next goes on from there. Without locks each tab has a stream of its own.
const all = 'activitylog-live ' + root.href;
let stream, carried = [], ready, tried, leads, looking, channel, leave, resign, head = '';
let place = '', followed = '', heard = false, waiting = new Set(), missed = false;
let live = sessionStorage.getItem('activitylog_live') === 'on';
const liveState = state => {
  const b = $('#live');
  if (!b) return;
  if (live && document.hidden) state = 'paused';
  b.setAttribute('aria-pressed', String(live));
  $('span', b).textContent = live && state ? `${b.dataset.text}: ${b.dataset[state]}` : b.dataset.text;
};
// hear takes what the stream says, in whichever tab it is: id is the place behind it, and after that before it.
async function hear({ event, id, after, data, follows }) {
  const mine = follows?.includes(followed);
  if (event === 'ask') { if (leads) soon(); return; }
  if (id) head = id;
  if (event === 'bye' && data === 'signed_out') { location.reload(); return; }
  if (event === 'shut' || event === 'bye' && data === 'denied' || event === 'gone' && mine) {
    silence(true);
    say($('#live').dataset.gone);
    return;
  }
  if (event === 'here') heard = mine;
  if (!heard) return;
  const was = place;
  if (id) place = id;
  if (event === 'activity' && mine) { waiting.add(data); pill(); }
  if (event === 'lagged') { missed = true; pill(); }
  if (event === 'again') liveState('again');
  // First the list as it is now, so that nothing falls between it and the stream.
  if (!was && !new URLSearchParams(location.search).has('cursor')) await load(location.href, { push: false });
  else if (was && id && was !== after) unseen();
  if (event === 'here' || event === 'beat') liveState('flows');
}
const tell = m => channel?.postMessage(m);
const pass = m => { m.after = head; tell(m); hear(m); };
const ask = () => { tell({ event: 'ask' }); if (leads) soon(); };
// unseen finds what was sent while this tab did not listen.
async function unseen() {
  const page = await get(location.href, 'list').catch(() => null);
  for (const a of page ? $$('.rowlink', page) : []) waiting.add(a.dataset.id);
  pill();
}
// look finds what is followed now. Another set means another stream, which goes on from where the last one was.
async function look() {
  if (!navigator.locks) { begin([followed]); return; }
  const { held } = await navigator.locks.query();
  if (!leads) return;
  const now = held.filter(l => l.name.startsWith(all + ' ')).map(l => l.name.slice(all.length + 1)), has = carried.filter(Boolean);
  const want = new Set([followed, ...has.filter(f => now.includes(f)), ...now]);
  if (want.size !== has.length || has.some(f => !want.has(f))) begin(want);
  else if (ready) pass({ event: 'here', id: head, follows: has });
}
// soon waits a moment for who leaves one page for the next.
const soon = (time = 100) => { clearTimeout(looking); looking = setTimeout(look, time); };
function begin(want) {
  const over = [], from = head || place;
  let query = '';
  stream?.close();
  ready = false;
  carried = [];
  for (const f of want) {
    const longer = `${query}follow=${encodeURIComponent(f)}&`;
    if (carried.length < 16 && (!query || longer.length < 6000)) { carried.push(f); query = longer; } else over.push(f); // proxies bound addresses
  }
  if (over.length) pass({ event: 'gone', follows: over });
  const s = stream = new EventSource(new URL(`api/v1/streams?${query}after=${from}`, root));
  const names = e => e.follows.map(i => carried[i]);
  s.onopen = () => { ready = tried = false; };
  s.addEventListener('beat', e => {
    pass(ready ? { event: 'beat', id: e.lastEventId } : { event: 'here', id: e.lastEventId, follows: carried.filter(Boolean) });
    if (ready && leads) look(); // a tab may have gone without a word
    ready = true;
  });
  s.addEventListener('activity', e => { const d = JSON.parse(e.data); pass({ event: 'activity', id: e.lastEventId, data: d.id, follows: names(d) }); });
  s.addEventListener('gone', e => {
    const d = JSON.parse(e.data), follows = names(d);
    for (const i of d.follows) carried[i] = '';
    pass({ event: 'gone', id: e.lastEventId, follows });
  });
  s.addEventListener('lagged', e => pass({ event: 'lagged', id: e.lastEventId }));
  s.addEventListener('bye', e => pass({ event: 'bye', data: e.data }));
  s.onerror = () => {
    ready = false;
    if (s.readyState !== EventSource.CLOSED) { pass({ event: 'again' }); return; }
    if (tried) { pass({ event: 'shut' }); return; }
    tried = true; // the server may still count the stream before
    carried = [];
    pass({ event: 'again' });
    soon(2000);
  };
}
// hold takes a lock when it can be had, and returns what lets it go.
function hold(name, mode, then) {
  const give = new AbortController();
  let free = () => give.abort();
  navigator.locks.request(name, { mode, signal: give.signal }, () => new Promise(done => { free = done; then(); })).catch(() => {});
  return () => free();
}
function hearken() {
  const follow = $('#live')?.dataset.follow;
  if (!live || !follow || document.hidden || leave) return;
  followed = follow;
  if (!navigator.locks) { leave = () => {}; begin([followed]); return; }
  if (!channel) {
    channel = new BroadcastChannel(all);
    channel.onmessage = e => hear(e.data);
  }
  leave = hold(`${all} ${followed}`, 'shared', ask);
  resign ??= hold(all, 'exclusive', () => { leads = true; look(); });
}
function hush() {
  clearTimeout(looking);
  stream?.close();
  leave?.();
  resign?.();
  tell({ event: 'ask' });
  channel?.close();
  stream = channel = leave = resign = undefined;
  leads = heard = ready = tried = false;
  carried = [];
  head = '';
}
function silence(off) {
  hush();
  if (off) { live = false; sessionStorage.removeItem('activitylog_live'); forget(); pill(); }
  liveState('paused');
}
function forget() {
  place = '';
  heard = missed = false;
  waiting.clear();
}
function pill() {
  for (const a of rows()) waiting.delete(a.dataset.id);
  const old = $('#arrived'), n = waiting.size, b = $('#live');
  if (!n && !missed) { old?.remove(); return; }
  const p = old ?? Object.assign(document.createElement('button'), { id: 'arrived', type: 'button', className: 'btn primary' });
  p.textContent = missed ? b.dataset.many : n === 1 ? b.dataset.single : b.dataset.some.replace('%d', n);
  if (old) return;
  p.onclick = () => { missed = false; load(here(u => { u.delete('cursor'); u.delete('event'); }), { focus: '#events' }); };
  $('#events')?.prepend(p);
  $('#status').textContent = p.textContent;
}
// relive is called after the page has changed: other filters mean another follow, and the tab that has the stream keeps it.
function relive() {
  const follow = $('#live')?.dataset.follow;
  if (followed && follow !== followed) {
    forget();
    leave?.();
    leave = undefined;
    if (!follow) hush();
    followed = '';
  }
  liveState(heard && 'flows');
  pill();
  hearken();
}
document.addEventListener('click', e => {
  if (!e.target.closest('#live')) return;
  live = !live;
  if (!live) { silence(true); return; }
  sessionStorage.setItem('activitylog_live', 'on');
  hearken();
});
document.addEventListener('visibilitychange', () => { document.hidden ? silence(false) : hearken(); });
addEventListener('pagehide', hush);
addEventListener('pageshow', hearken);

// ---- exports: how far they have come ----
document.addEventListener('click', e => {
  const a = e.target.closest('.tools a[download]');
  if (!a || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  const token = [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');
  const url = new URL(a.href);
  url.searchParams.set('token', token);
  a.href = url.href;
  const menu = a.closest('.menu'), where = new URL(`api/v1/exports/${token}`, new URL(document.body.dataset.here, location.href));
  const box = Object.assign(document.createElement('div'), { className: 'progress' }), text = document.createElement('span');
  const stop = Object.assign(document.createElement('button'), { type: 'button', className: 'btn', textContent: menu.dataset.cancel });
  box.setAttribute('role', 'status');
  box.append(text, ' ', stop);
  stop.onclick = () => fetch(where, { method: 'POST' });
  $('.progress')?.remove();
  document.body.append(box);
  menu.open = false;
  let unknown = 0;
  const look = async () => {
    const answer = await fetch(where).catch(() => null), x = answer?.ok ? await answer.json() : null;
    if (!x && ++unknown > 10) { box.remove(); return; }
    if (x) text.textContent = menu.dataset[x.state].replace('%s', x.rows.toLocaleString(document.documentElement.lang));
    if (x && x.state !== 'running') { stop.remove(); setTimeout(() => box.remove(), 5000); return; }
    setTimeout(look, 400);
  };
  setTimeout(look, 100);
});
hearken();
