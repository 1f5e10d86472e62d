// The pages work without this file. It adds: searching while typing, the panel beside the list, shortcuts, the brush of
// the chart, and copying. State lives in the address alone.
const $ = (s, r = document) => r.querySelector(s);
const $$ = (s, r = document) => [...r.querySelectorAll(s)];
const policy = window.trustedTypes?.createPolicy('activitylog', { createHTML: s => s }) ?? { createHTML: s => s };
const parse = html => new DOMParser().parseFromString(policy.createHTML(html), 'text/html');
const wide = matchMedia('(min-width:1321px)');
const main = $('#main'), root = new URL(document.body.dataset.root ?? './', location.href);

const cookie = (name, value) => { document.cookie = `${name}=${value};path=${root.pathname};max-age=31536000;samesite=lax${location.protocol === 'https:' ? ';secure' : ''}`; };
cookie('activitylog_zone', Intl.DateTimeFormat().resolvedOptions().timeZone);

const say = text => {
  $('#status').textContent = text;
  $('.toast')?.remove();
  const toast = Object.assign(document.createElement('div'), { className: 'toast', textContent: text });
  toast.setAttribute('aria-hidden', 'true');
  document.body.append(toast);
  setTimeout(() => toast.remove(), 2500);
};

// ---- the list: a changed address is fetched in parts, rows first ----
let current = 0;
const get = async (url, region) => {
  const answer = await fetch(url, { headers: { 'Activity-Region': region } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw answer;
  return parse(await answer.text());
};
const swap = (id, from) => {
  const now = $('#' + id), next = $('#' + id, from);
  if (now && next) now.replaceWith(next);
};
async function load(url, { push = true, focus } = {}) {
  const mine = ++current, typed = document.activeElement?.id === 'q' ? $('#q') : null;
  const late = setTimeout(() => $('#events')?.setAttribute('aria-busy', 'true'), 300);
  try {
    const page = await get(url, 'list');
    if (mine !== current) return;
    closePanel(false);
    history[push ? 'pushState' : 'replaceState'](null, '', url);
    document.title = page.title;
    const caret = typed && [typed.value, typed.selectionStart, typed.selectionEnd];
    for (const id of ['filters', 'events', 'tools']) swap(id, page);
    relive();
    if (caret) { const q = $('#q'); q.focus(); q.value = caret[0]; q.setSelectionRange(caret[1], caret[2]); }
    if (focus) $(focus)?.focus({ preventScroll: true });
    $('#status').textContent = $('#events .pager .muted')?.textContent ?? '';
    if (new URLSearchParams(location.search).get('event')) openPanel(new URLSearchParams(location.search).get('event'), { push: false });
    const figures = await get(url, 'figures');
    if (mine !== current) return;
    for (const id of ['facets', 'chart']) swap(id, figures);
    brush();
  } catch (e) {
    if (mine === current) location.assign(url); // the server says what is wrong
  } finally { clearTimeout(late); $('#events')?.removeAttribute('aria-busy'); }
}

const formURL = () => {
  const data = new URLSearchParams(new FormData($('#form')));
  const keep = new URLSearchParams();
  const custom = data.get('range') === 'custom';
  for (const [k, v] of data) {
    if (v === '' || k === 'range' && (v === '30d' || custom) || k === 'limit' && v === '50') continue;
    if (k === 'from' || k === 'to') { if (custom) keep.append(k, new Date(v) > 0 ? v : ''); continue; }
    keep.append(k, v);
  }
  if (custom && !keep.get('from') && !keep.get('to')) keep.set('range', 'custom');
  keep.sort();
  return '?' + keep;
};

let typing;
document.addEventListener('input', e => {
  if (e.target.id !== 'q') return;
  suggest();
  clearTimeout(typing);
  typing = setTimeout(() => load(formURL(), { push: false }), 250);
});
document.addEventListener('change', e => {
  const f = e.target;
  if (!f.form || f.form.id !== 'form' || f.id === 'q' || f.type === 'datetime-local') return;
  if (f.name === 'range' && f.value === 'custom') return;
  clearTimeout(typing);
  const again = f.type === 'radio' || f.type === 'checkbox' ? `#form [name=${f.name}][value="${CSS.escape(f.value)}"]` : `#form [name=${f.name}]:not([type=hidden])`;
  load(formURL(), { focus: again });
});
document.addEventListener('submit', e => {
  if (e.target.id !== 'form') return;
  e.preventDefault();
  clearTimeout(typing);
  closeSuggest();
  load(formURL());
});
addEventListener('popstate', () => (main && $('#form') ? load(location.href, { push: false }) : location.reload()));

// ---- the panel ----
const panel = $('#panel');
let opener, asked = 0;
const rows = () => $$('.rowlink');
const here = change => { const u = new URL(location.href); change(u.searchParams); u.searchParams.sort(); return u.pathname + u.search; };
async function openPanel(id, { push = true, step = false } = {}) {
  const mine = ++asked, link = rows().find(a => a.dataset.id === id);
  if (link) opener = link; // at once, so that keys pressed meanwhile step on from it
  const url = here(p => p.set('event', id));
  try {
    const part = await get(url, 'panel');
    if (mine !== asked) return;
    panel.replaceChildren(...part.body.childNodes);
  } catch { if (link) location.assign(link.href); return; }
  mark(link);
  if (push) history[step ? 'replaceState' : 'pushState'](null, '', url);
  if (panel.open && step) { $('#ph').focus({ preventScroll: true }); link?.scrollIntoView({ block: 'nearest' }); return; }
  if (panel.open) panel.close();
  wide.matches ? panel.show() : panel.showModal();
  $('#ph').focus({ preventScroll: true });
}
function mark(link) {
  $('.ev.is-open')?.classList.remove('is-open');
  $('.rowlink[aria-current]')?.removeAttribute('aria-current');
  link?.closest('tr').classList.add('is-open');
  link?.setAttribute('aria-current', 'true');
  if (link) opener = link;
}
function closePanel(back = true) {
  if (!panel?.open) return;
  asked++;
  panel.close();
  mark(null);
  if (!back) return;
  history.pushState(null, '', here(p => p.delete('event')));
  (opener?.isConnected ? opener : $('#events'))?.focus();
}
panel?.addEventListener('cancel', e => { e.preventDefault(); closePanel(); });
panel?.addEventListener('click', e => { if (e.target === panel && !wide.matches) closePanel(); });
function step(by) {
  const all = rows(), at = all.findIndex(a => a === (panel?.open ? opener : document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (!next) return;
  panel?.open ? openPanel(next.dataset.id, { step: true }) : next.focus();
}
if (panel?.open) {
  opener = $('.rowlink[aria-current]');
  if (!wide.matches) { panel.close(); panel.showModal(); }
  $('#ph')?.focus({ preventScroll: true });
}

// ---- clicks ----
const copy = async (text, done) => {
  try { await navigator.clipboard.writeText(text); say(done); } catch { say(text); }
};
document.addEventListener('click', e => {
  if (e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  const a = e.target.closest('a,button');
  for (const m of $$('.menu[open]')) if (!m.contains(e.target)) m.open = false;
  if (!a) return;
  if (a.matches('.rowlink') && panel) { e.preventDefault(); openPanel(a.dataset.id); return; }
  if (a.id === 'pclose') { e.preventDefault(); closePanel(); return; }
  if (a.dataset.step) { step(+a.dataset.step); return; }
  if (a.dataset.copy === 'link') { e.preventDefault(); copy(a.href, 'Link copied'); return; }
  if (a.dataset.copy === 'json') { copy($('#raw').textContent, 'Event copied'); return; }
  if (a.id === 'copy') { e.preventDefault(); copy(new URL(a.dataset.fixed, location.href).href, 'Link copied, with its times fixed'); return; }
  const href = a.getAttribute('href');
  if (main && $('#form') && href?.startsWith('?') && a.closest('#main')) { e.preventDefault(); load(href, { focus: '#events' }); }
});

// ---- shortcuts ----
const shortcuts = [['/', 'Search'], ['j k', 'Next and previous event'], ['Enter', 'Open the event'], ['Esc', 'Close'], ['g n', 'Older page'], ['g p', 'Newer page'], ['y', 'Copy the link'], ['.', 'Copy the event as JSON'], ['l', 'Live'], ['t', 'Range of time'], ['e', 'Export'], ['?', 'This help']];
let g = false;
const off = () => localStorage.getItem('activitylog_shortcuts') === 'off';
document.addEventListener('keydown', e => {
  const writing = e.target.matches('input:not([type=radio]):not([type=checkbox]):not([type=range]),select,textarea');
  if (e.key === 'Escape') {
    if (closeSuggest()) { e.preventDefault(); return; }
    const menu = $('.menu[open]');
    if (menu) { menu.open = false; $('summary', menu).focus(); return; }
    if (panel?.open && !writing && !$('.help')) { e.preventDefault(); closePanel(); }
    return;
  }
  if (e.target.id === 'q' && suggestKey(e)) return;
  if (writing || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === '?') { help(); return; }
  if (off() || $('.help')) return;
  const after = g;
  g = false;
  if (after && e.key === 'n') { $('#older')?.click(); return; }
  if (after && e.key === 'p') { $('#newer')?.click(); return; }
  const act = { '/': () => $('#q')?.focus(), j: () => step(1), k: () => step(-1), g: () => { g = true; }, y: () => $('#copy')?.click(), l: () => $('#live')?.click(),
    '.': () => $('[data-copy=json]')?.click(), t: () => $('#form [name=range]:checked')?.focus(), e: () => { const m = $('.tools .menu'); if (m) { m.open = true; $('a', m).focus(); } } }[e.key];
  if (act) { e.preventDefault(); act(); }
});
function help() {
  const d = document.createElement('dialog'), list = document.createElement('dl');
  d.className = 'help';
  d.setAttribute('aria-label', 'Shortcuts');
  for (const [keys, what] of shortcuts) {
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    for (const k of keys.split(' ')) dt.append(Object.assign(document.createElement('kbd'), { textContent: k }), ' ');
    dd.textContent = what;
    list.append(dt, dd);
  }
  const label = document.createElement('label'), box = Object.assign(document.createElement('input'), { type: 'checkbox', checked: !off() });
  box.onchange = () => localStorage.setItem('activitylog_shortcuts', box.checked ? 'on' : 'off');
  label.append(box, ' Shortcuts are on');
  const h = Object.assign(document.createElement('h2'), { textContent: 'Shortcuts' }), close = Object.assign(document.createElement('button'), { className: 'btn', textContent: 'Close' });
  close.onclick = () => d.close();
  d.append(h, list, label, ' ', close);
  d.onclose = () => d.remove();
  document.body.append(d);
  d.showModal();
}

// ---- suggestions for what is being typed ----
let options = [], at = -1;
const word = q => q.value.slice(0, q.selectionStart).match(/[^\s()]*$/)[0];
function suggest() {
  const q = $('#q'), typed = word(q), bare = typed.replace(/^-/, ''), [field, value] = bare.split(':');
  options = [];
  if (value === undefined && bare) options = q.dataset.fields.split(' ').filter(f => f.startsWith(bare.toLowerCase())).map(f => ({ text: f.endsWith('.') ? f : f + ':', about: '' }));
  if (value !== undefined) {
    const known = field === 'actor' || field === 'acted' ? $$('#actors option').map(o => [o.value, o.textContent])
      : field === 'category' ? $$('#form [name=category] option').map(o => [o.value, o.textContent])
      : field === 'outcome' ? ['success', 'failure', 'denied', 'pending', 'unknown'].map(v => [v, ''])
      : $$(`#facets [data-field="${CSS.escape(field)}"] .fn`).map(n => [n.textContent, '']);
    const want = value.toLowerCase();
    options = known.filter(([v, name]) => v && (v.toLowerCase().includes(want) || name.toLowerCase().includes(want)) && v !== value)
      .map(([v, name]) => ({ text: `${field}:${/^[\w.@/-]+$/.test(v) ? v : JSON.stringify(v)} `, about: name }));
  }
  options = options.slice(0, 8);
  at = -1;
  draw();
}
function draw() {
  const q = $('#q');
  $('.suggest')?.remove();
  q.setAttribute('aria-expanded', String(options.length > 0));
  if (!options.length) { q.removeAttribute('aria-activedescendant'); q.removeAttribute('role'); return; }
  const list = document.createElement('ul');
  Object.assign(list, { className: 'suggest', id: 'suggest' });
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Suggestions');
  options.forEach((o, i) => {
    const li = document.createElement('li');
    li.id = 'suggest-' + i;
    li.setAttribute('role', 'option');
    li.setAttribute('aria-selected', String(i === at));
    li.append(Object.assign(document.createElement('code'), { textContent: o.text }), Object.assign(document.createElement('span'), { className: 'muted', textContent: o.about }));
    li.onpointerdown = e => { e.preventDefault(); take(i); };
    list.append(li);
  });
  q.after(list);
  q.setAttribute('role', 'combobox');
  q.setAttribute('aria-controls', 'suggest');
  q.setAttribute('aria-autocomplete', 'list');
  at >= 0 ? q.setAttribute('aria-activedescendant', 'suggest-' + at) : q.removeAttribute('aria-activedescendant');
}
function take(i) {
  const q = $('#q'), typed = word(q), before = q.value.slice(0, q.selectionStart - typed.length), behind = q.value.slice(q.selectionStart);
  const text = (typed.startsWith('-') ? '-' : '') + options[i].text;
  q.value = before + text + behind;
  q.setSelectionRange(before.length + text.length, before.length + text.length);
  q.dispatchEvent(new Event('input', { bubbles: true }));
}
function suggestKey(e) {
  if (!options.length) return false;
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); at = (at + (e.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length; draw(); return true; }
  if ((e.key === 'Enter' || e.key === 'Tab') && at >= 0) { e.preventDefault(); take(at); return true; }
  return false;
}
function closeSuggest() {
  const open = options.length > 0;
  options = [];
  if (open && $('#q')) draw();
  return open;
}
document.addEventListener('focusout', e => { if (e.target.id === 'q') closeSuggest(); });

// ---- the brush: two handles over the chart choose a range ----
function brush() {
  const plot = $('#plot');
  if (!plot || $('.brush', plot) || +plot.dataset.n < 2) return;
  const { first, step: wide, n, last } = Object.fromEntries(Object.entries(plot.dataset).map(([k, v]) => [k, +v]));
  const handles = [0, n].map((v, i) => {
    const r = Object.assign(document.createElement('input'), { type: 'range', className: 'brush', min: 0, max: n, step: 1, value: v });
    r.setAttribute('aria-label', i ? 'End of the range' : 'Beginning of the range');
    const name = () => r.setAttribute('aria-valuetext', new Date((first + r.value * wide) * 1000).toLocaleString());
    name();
    r.oninput = name;
    r.onchange = () => {
      const [a, b] = handles.map(h => +h.value).sort((x, y) => x - y);
      if (a === b || a === 0 && b === n) return;
      const iso = s => new Date(s * 1000).toISOString().replace('.000', '');
      load(here(p => { p.delete('range'); p.delete('cursor'); p.delete('event'); p.set('from', iso(first + a * wide)); p.set('to', iso(Math.min(last, first + b * wide))); }));
    };
    return r;
  });
  plot.append(...handles);
}
brush();
