// The data of a run (the JSON block of this page) → charts over steps, cards, tables. What comes from the data becomes text, never markup.

const report = JSON.parse(document.getElementById('report').textContent);
const COLOURS = 8;
const MOST_DRAWN = 8; // curves that a chart shows at first
const MOST_TOLD = 14; // lines of the box beside the pointer
const MOST_DOTS = 80; // points of a curve that are marked one by one
const SIGNS = { kept: '★', resumed: '↻', smaller: '▼' };
const EDGE = { left: 58, right: 24, top: 20, bottom: 36 };
const UNITS = {
  percent: (value) => percent(value, 1),
  share: (value) => `${percent(value, 1)} %`,
  number: (value) => (Math.abs(value) >= 100 ? count(Math.round(value)) : Number(value.toPrecision(4)).toString()),
  small: (value) => (value === 0 ? '0' : value < 0.001 ? shortened(value.toExponential(2)) : Number(value.toPrecision(3)).toString()),
  count: (value) => count(value >= 100 ? Math.round(value) : Number(value.toPrecision(3))),
  bytes: (value) => `${count(Number((value / 1e9).toPrecision(3)))} GB`,
};
const FROM_ZERO = ['percent', 'share', 'small', 'count', 'bytes'];
const plots = [];

// 2.00e-4 → 2e-4
function shortened(written) {
  return written.replace(/\.?0+e/, 'e');
}

function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

// Round numbers between two values, about as many as asked for.
function ticks(low, high, about) {
  const rough = (high - low) / about || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((one) => one >= rough * 0.999);
  const found = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high + step * 1e-9; place += 1) found.push(place * step || 0); // no −0
  return found;
}

// 1, 2 and 5 times powers of ten
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) found.push(factor * 10 ** power);
  }
  return found.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

function nearest(points, step) {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < step) low = middle + 1;
    else high = middle;
  }
  return low > 0 && step - points[low - 1][0] <= points[low][0] - step ? points[low - 1] : points[low];
}

// One chart

function plot(chart, height) {
  const figure = make('figure', { class: height > 260 ? 'plot wide' : 'plot', id: `chart-${chart.id}` });
  const canvas = svg('svg', { role: 'img', tabindex: '0', height, 'aria-label': summary(chart) });
  const tip = make('div', { class: 'tip', hidden: true });
  const legend = make('ul', { class: 'curves' });
  const controls = make('div', { class: 'controls' });
  const state = { view: 0, hidden: new Set(), log: false, step: null, scale: null };

  const all = () => chart.views[state.view].series.map((series, place) => ({ ...series, place, name: series.name || chart.name }));
  const shown = () => all().filter((series) => !state.hidden.has(series.name));

  function reset() {
    state.hidden = new Set(all().slice(MOST_DRAWN).map((series) => series.name));
    draw();
  }

  function draw() {
    const width = Math.max(260, canvas.clientWidth || 600);
    canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
    state.scale = scales(shown(), chart, state.log, width, height);
    canvas.replaceChildren(...axes(state.scale, chart, width, height), ...signs(state.scale, height), ...shown().flatMap((series) => curve(series, state.scale)));
    drawLegend();
    point(state.step, false);
  }

  function drawLegend() {
    const series = all();
    legend.hidden = series.length < 2;
    legend.replaceChildren(...series.map((one) => make('li', {}, legendButton(one))));
    if (series.length > 3) legend.append(make('li', {}, make('button', { type: 'button', class: 'button', onclick: () => hide([]) }, 'all')));
    if (series.length > 3) legend.append(make('li', {}, make('button', { type: 'button', class: 'button', onclick: () => hide(series.map((one) => one.name)) }, 'none')));
  }

  function hide(names) {
    state.hidden = new Set(names);
    draw();
  }

  function legendButton(one) {
    const turn = () => {
      if (!state.hidden.delete(one.name)) state.hidden.add(one.name);
      draw();
    };
    const last = UNITS[chart.unit](one.points[one.points.length - 1][1]);
    const drawn = !state.hidden.has(one.name);
    return make('button', { type: 'button', class: 'button', 'aria-pressed': String(drawn), onclick: turn }, swatch(one), one.name, make('span', { class: 'number' }, last));
  }

  // The line at a step, in every chart; the box with the values only in the one that is pointed at.
  function point(step, tells) {
    state.step = step;
    canvas.querySelector('.at')?.remove();
    tip.hidden = !tells || step === null;
    if (step === null || !state.scale) return;
    const { x, y } = state.scale;
    const found = shown().map((series) => [series, nearest(series.points, step)]);
    const group = svg('g', { class: 'at' }, svg('line', { class: 'cursor', x1: x(step), x2: x(step), y1: EDGE.top, y2: height - EDGE.bottom }));
    for (const [series, [at, value]] of found) group.append(svg('circle', { class: `dot ${colour(series)}`, cx: x(at), cy: y(value), r: 4 }));
    canvas.append(group);
    if (!tells) return;
    tip.replaceChildren(...told(found, step, chart));
    const left = x(step) / canvas.viewBox.baseVal.width;
    styled(tip, left < 0.5 ? { left: `calc(${100 * left}% + 1.5rem)`, right: 'auto' } : { left: 'auto', right: `calc(${100 * (1 - left)}% + 1.5rem)` });
    styled(tip, { top: `${canvas.getBoundingClientRect().top - figure.getBoundingClientRect().top + EDGE.top}px` });
  }

  const steps = () => unique(shown().flatMap((series) => series.points.map(([step]) => step))).sort((one, other) => one - other);
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const known = steps().map((step) => [step]);
    if (known.length) pointAll(nearest(known, state.scale.step(event.clientX - box.left))[0], figure);
  });
  canvas.addEventListener('pointerleave', () => pointAll(null, null));
  canvas.addEventListener('blur', () => pointAll(null, null));
  canvas.addEventListener('keydown', (event) => {
    const known = steps();
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!turn || !known.length) return;
    event.preventDefault();
    const place = state.step === null ? (turn > 0 ? 0 : known.length - 1) : known.indexOf(nearest(known.map((step) => [step]), state.step)[0]) + turn;
    pointAll(known[Math.max(0, Math.min(known.length - 1, place))], figure);
  });

  if (chart.views.length > 1) {
    controls.append(choice('Corpus, task and measure', chart.views.map((view, place) => [String(place), view.name]), (value) => {
      state.view = Number(value);
      reset();
    }));
  }
  if (chart.id === 'loss') {
    controls.append(make('label', { class: 'tick' }, make('input', { type: 'checkbox', onchange: (event) => {
      state.log = event.target.checked;
      draw();
    } }), 'logarithmic'));
  }
  const only = chart.views.length === 1 && chart.views[0].name;
  figure.append(make('figcaption', {}, make('b', {}, only ? `${chart.name}: ${only}` : chart.name), chart.said), controls, canvas, tip, legend);
  return { figure, draw, reset, point };
}

function pointAll(step, figure) {
  for (const one of plots) one.point(step, one.figure === figure);
}

function summary(chart) {
  const said = chart.views[0].series.map((series) => {
    const last = series.points[series.points.length - 1];
    return `${series.name || chart.name} ${UNITS[chart.unit](series.points[0][1])} at first, ${UNITS[chart.unit](last[1])} at step ${count(last[0])}`;
  });
  return `${chart.name}: ${said.slice(0, 6).join('; ')}`;
}

function colour(series) {
  return `colour${series.kind === 'raw' ? (series.place + 1) % COLOURS : series.place % COLOURS}`;
}

function isDashed(series) {
  return Math.floor(series.place / COLOURS) % 2 === 1;
}

function swatch(series) {
  return make('span', { class: `swatch ${colour(series)}${isDashed(series) ? ' dashed' : ''}` });
}

// Places

function scales(series, chart, log, width, height) {
  const values = series.flatMap((one) => [...one.points.map(([, value]) => value), ...one.band.flatMap(([, low, high]) => [low, high])]);
  let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  if (log) low = Math.max(low, high / 1e6);
  else if (FROM_ZERO.includes(chart.unit) || (chart.unit === 'number' && low > 0)) low = 0;
  if (high === low) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const marked = log ? logTicks(low, high) : ticks(low, high, 5);
  if (!log) {
    const step = marked.length > 1 ? marked[1] - marked[0] : high - low;
    const top = Math.ceil(high / step - 1e-9) * step;
    const bottom = Math.floor(low / step + 1e-9) * step;
    [low, high] = [bottom, ['percent', 'share'].includes(chart.unit) ? Math.min(1, Math.max(top, high)) : top];
  }
  const place = log ? Math.log : (value) => value;
  const across = width - EDGE.left - EDGE.right;
  const down = height - EDGE.top - EDGE.bottom;
  const last = Math.max(1, report.last);
  return {
    x: (step) => EDGE.left + (across * step) / last,
    y: (value) => EDGE.top + down * (1 - (place(Math.max(value, log ? low : -Infinity)) - place(low)) / (place(high) - place(low))),
    step: (x) => ((x - EDGE.left) / across) * last,
    rows: log ? marked : ticks(low, high, 5),
    columns: ticks(0, last, Math.max(2, Math.floor(across / 90))).filter(Number.isInteger),
  };
}

function axes(scale, chart, width, height) {
  const bottom = height - EDGE.bottom;
  const rows = scale.rows.flatMap((value) => [
    svg('line', { class: 'grid', x1: EDGE.left, x2: width - EDGE.right, y1: scale.y(value), y2: scale.y(value) }),
    svg('text', { x: EDGE.left - 7, y: scale.y(value) + 4, 'text-anchor': 'end' }, UNITS[chart.unit](value)),
  ]);
  const columns = scale.columns.map((step) => svg('text', { x: scale.x(step), y: bottom + 16, 'text-anchor': 'middle' }, count(step)));
  const name = svg('text', { x: width - EDGE.right, y: height - 4, 'text-anchor': 'end' }, 'step');
  return [...rows, svg('line', { class: 'axis', x1: EDGE.left, x2: width - EDGE.right, y1: bottom, y2: bottom }), ...columns, name];
}

function signs(scale, height) {
  return report.marks.map((mark, place) => {
    const x = scale.x(mark.step);
    const before = report.marks.slice(0, place).filter((other) => other.step === mark.step).length; // signs side by side
    const line = svg('line', { class: 'mark', x1: x, x2: x, y1: EDGE.top, y2: height - EDGE.bottom });
    return svg('g', { class: `mark-${mark.kind}` }, line, svg('text', { class: 'sign', x: x + 14 * before, y: EDGE.top - 6 }, SIGNS[mark.kind]));
  });
}

function curve(series, { x, y }) {
  const found = [];
  if (series.band.length > 1) {
    const there = series.band.map(([step, , high]) => `${x(step)},${y(high)}`);
    const back = [...series.band].reverse().map(([step, low]) => `${x(step)},${y(low)}`);
    found.push(svg('polygon', { class: `band ${colour(series)}`, points: [...there, ...back].join(' ') }));
  }
  const kinds = [series.kind === 'raw' && 'raw', series.band.length && 'first', isDashed(series) && 'dashed'].filter(Boolean);
  const path = series.points.map(([step, value], place) => `${place ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
  found.push(svg('path', { class: ['curve', colour(series), ...kinds].join(' '), d: path.join('') }));
  const dotted = series.points.length === 1 || (series.kind === 'points' && series.points.length <= MOST_DOTS);
  if (dotted) found.push(...series.points.map(([step, value]) => svg('circle', { class: `dot ${colour(series)}`, cx: x(step), cy: y(value), r: 2.5 })));
  return found;
}

// The box beside the pointer

function told(found, step, chart) {
  const lines = found.slice(0, MOST_TOLD).map(([series, [at, value]]) => {
    const band = series.band.find(([where]) => where === at);
    const range = band ? ` (${UNITS[chart.unit](band[1])}–${UNITS[chart.unit](band[2])})` : '';
    const where = at === step ? '' : ` at ${count(at)}`;
    return make('div', {}, swatch(series), `${series.name}${where}`, make('b', {}, UNITS[chart.unit](value) + range));
  });
  const more = found.length > MOST_TOLD ? make('p', {}, `and ${found.length - MOST_TOLD} more`) : null;
  const marks = report.marks.filter((mark) => mark.step === step).map((mark) => make('div', {}, make('span', { class: `mark-${mark.kind}` }, SIGNS[mark.kind]), mark.said));
  return [make('p', {}, when(step)), ...lines, more, ...marks].filter(Boolean);
}

function when(step) {
  const parts = [`step ${count(step)}`];
  if (report.at.length) {
    const [at, records, seconds] = nearest(report.at, step);
    if (at === step && records) parts.push(plural(records, 'record'));
    if (at === step && seconds !== null) parts.push(duration(seconds));
  }
  return parts.join(' · ');
}

// The page

function drawOverview() {
  const node = section('overview');
  node.append(...report.said.map((said, place) => make('p', { class: place ? 'lead' : 'said' }, said)));
  node.append(make('ul', { class: 'facts' }, report.facts.map(([name, fact]) => make('li', {}, `${name} `, make('b', {}, fact)))));
  const card = (one) => make('div', { class: 'card' }, make('div', { class: 'soft' }, one.name), make('div', { class: 'big' }, one.value), make('div', { class: 'soft' }, one.note));
  node.append(make('div', { class: 'cards' }, report.cards.map(card)));
  const mark = (one) => make('li', {}, make('b', { class: `mark-${one.kind}` }, SIGNS[one.kind]), one.said);
  if (report.marks.length) node.append(make('ul', { class: 'marks' }, report.marks.map(mark)));
}

function drawPlots() {
  for (const chart of report.charts) {
    const wide = chart.section === 'f1' || chart.id === 'loss';
    const holder = section(chart.section).querySelector('.plots') || make('div', { class: 'plots' });
    section(chart.section).append(holder);
    const drawn = plot(chart, wide ? 300 : 210);
    plots.push(drawn);
    holder.append(drawn.figure);
    drawn.reset();
  }
  for (const one of document.querySelectorAll('main > section')) {
    if (one.id !== 'settings' && !one.querySelector('.plot')) one.remove();
  }
  new ResizeObserver(() => plots.forEach((one) => one.draw())).observe(document.querySelector('main'));
}

function drawSettings() {
  const line = ([name, value]) => make('div', { class: value ? null : 'unset' }, make('dt', {}, name), make('dd', {}, value || '–'));
  if (report.settings.length) section('settings').append(make('dl', { class: 'settings' }, report.settings.map(line)));
  else section('settings').remove();
}

drawOverview();
drawSettings();
drawPlots();
drawContents();
