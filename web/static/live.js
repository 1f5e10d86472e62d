
// ---- live: one stream for a browser, none in hidden tabs; new events wait behind a button until somebody wants them ----
let stream, release, place = '', followed = '', waiting = new Set(), missed = false;
let live = sessionStorage.getItem('activitylog_live') === 'on';
const liveState = state => {
  const b = $('#live');
  if (!b) return;
  b.setAttribute('aria-pressed', String(live));
  $('span', b).textContent = live && state ? `${b.dataset.text}: ${b.dataset[state]}` : b.dataset.text;
};
function hearken() {
  const b = $('#live');
  if (!live || !b || document.hidden || stream || release) return;
  followed = b.dataset.stream;
  const begin = () => {
    const url = new URL(followed, location.href), first = !place;
    if (place) url.searchParams.set('after', place);
    stream = new EventSource(url);
    stream.addEventListener('beat', async e => {
      if (place) place = e.lastEventId;
      // First the list as it is now, so that nothing falls between it and the stream.
      else if (first && !new URLSearchParams(location.search).has('cursor')) await load(location.href, { push: false });
      place ||= e.lastEventId;
      liveState('flows');
    });
    stream.addEventListener('activity', e => { place = e.lastEventId; waiting.add(JSON.parse(e.data).id); pill(); });
    stream.addEventListener('lagged', e => { place = e.lastEventId; missed = true; pill(); });
    stream.addEventListener('bye', e => {
      place = e.lastEventId;
      if (e.data === 'signed_out') location.reload();
      if (e.data === 'denied') silence(true);
    });
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) { liveState('again'); return; }
      silence(true);
      say($('#live').dataset.gone);
    };
  };
  if (!navigator.locks) { begin(); return; }
  liveState('elsewhere');
  const give = new AbortController();
  release = () => give.abort();
  navigator.locks.request('activitylog-live', { signal: give.signal }, () => new Promise(free => { release = free; begin(); })).catch(() => {});
}
function hush() {
  stream?.close();
  release?.();
  stream = release = undefined;
}
function silence(off) {
  hush();
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
  if (followed && b?.dataset.stream !== followed) { hush(); place = followed = ''; waiting.clear(); missed = false; }
  liveState(stream && place ? 'flows' : '');
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
