
// ---- live: one stream for all tabs that show the same, none for hidden ones alone; new events wait behind a button until
// somebody wants them ----
// The tab that has the lock has the stream, and passes on what it hears. All of them know the place where it is, so that
// whoever comes next goes on from there.
let stream, release, channel, place = '', followed = '', waiting = new Set(), missed = false;
let live = sessionStorage.getItem('activitylog_live') === 'on';
const liveState = state => {
  const b = $('#live');
  if (!b) return;
  if (live && document.hidden) state = 'paused';
  b.setAttribute('aria-pressed', String(live));
  $('span', b).textContent = live && state ? `${b.dataset.text}: ${b.dataset[state]}` : b.dataset.text;
};
const tell = m => channel?.postMessage(m);
async function hear({ event, id, after, data }) {
  if (event === 'ask' && stream && place) tell({ event: 'here', id: place, after: place });
  if (event === 'again') liveState('again');
  if (event === 'activity') { waiting.add(data); pill(); }
  if (event === 'lagged') { missed = true; pill(); }
  if (event === 'beat') liveState('flows');
  if (event === 'here') {
    const was = place;
    place = id;
    // First the list as it is now, so that nothing falls between it and the stream.
    if (!was && !new URLSearchParams(location.search).has('cursor')) await load(location.href, { push: false });
    else if (was && was !== after) unseen();
    liveState('flows');
  } else if (place && id) place = id;
}
// unseen finds what was sent while this tab did not listen.
async function unseen() {
  const page = await get(location.href, 'list').catch(() => null);
  for (const a of page ? $$('.rowlink', page) : []) waiting.add(a.dataset.id);
  pill();
}
function begin() {
  const url = new URL(followed, location.href), pass = m => { tell(m); hear(m); };
  let fresh;
  if (place) url.searchParams.set('after', place);
  stream = new EventSource(url);
  stream.onopen = () => { fresh = true; };
  stream.addEventListener('beat', e => { pass({ event: fresh ? 'here' : 'beat', id: e.lastEventId, after: place }); fresh = false; });
  stream.addEventListener('activity', e => pass({ event: 'activity', id: e.lastEventId, data: JSON.parse(e.data).id }));
  stream.addEventListener('lagged', e => pass({ event: 'lagged', id: e.lastEventId }));
  stream.addEventListener('bye', e => {
    if (e.data === 'signed_out') location.reload();
    if (e.data === 'denied') silence(true);
  });
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) { pass({ event: 'again' }); return; }
    silence(true);
    say($('#live').dataset.gone);
  };
}
function hearken() {
  const b = $('#live');
  if (!live || !b || document.hidden || stream || release) return;
  followed = b.dataset.stream;
  if (!navigator.locks) { begin(); return; }
  const name = 'activitylog-live ' + new URL(followed, location.href), give = new AbortController();
  if (!channel) {
    channel = new BroadcastChannel(name);
    channel.onmessage = e => hear(e.data);
  }
  tell({ event: 'ask' });
  release = () => give.abort();
  navigator.locks.request(name, { signal: give.signal }, () => new Promise(free => { release = free; begin(); })).catch(() => {});
}
function hush(all) {
  stream?.close();
  release?.();
  if (all) channel?.close();
  if (all) channel = undefined;
  stream = release = undefined;
}
function silence(off) {
  hush(off);
  if (off) { live = false; sessionStorage.removeItem('activitylog_live'); place = ''; waiting.clear(); missed = false; pill(); }
  liveState('paused');
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
// relive is called after the page has changed: other filters mean another stream.
function relive() {
  const b = $('#live');
  if (followed && b?.dataset.stream !== followed) { hush(true); place = followed = ''; waiting.clear(); missed = false; }
  liveState(place && 'flows');
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
addEventListener('pagehide', () => hush(true));
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
