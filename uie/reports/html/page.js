// The report's data (the JSON block of this page) → the page. What comes from the data becomes text, never markup.

const report = JSON.parse(document.getElementById('report').textContent);
const LAYERS = { entity: 'entities', relation: 'relations', trigger: 'triggers', argument: 'arguments' };
const MOST_CARDS = 8;
const MOST_WORST = 10;
const PER_PAGE = 20;
const MOST_HEAT_TYPES = 30;
const FEW = 30; // gold items below which a bar is pale: its figure says little
const LONGEST_PLAIN = 400; // characters without any mention that a document shows before it folds them

function named(dataset) {
  return dataset || '(no dataset)';
}

function compare(one, other) {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (one === null || other === null) return (other === null) - (one === null); // no value is less than any
  return String(one).localeCompare(String(other), 'en', { numeric: true });
}

// Parts that several sections use

function bar(share, { interval, lookup, strong, says }) {
  const node = make('div', { class: strong ? 'bar strong' : 'bar', role: 'img', 'aria-label': says });
  const across = (part) => `${Math.max(0, Math.min(100, 100 * part))}%`;
  node.append(styled(make('div', { class: 'fill' }), { width: across(share) }));
  if (interval && interval[1] > interval[0]) {
    node.append(styled(make('div', { class: 'whisker' }), { left: across(interval[0]), width: across(interval[1] - interval[0]) }));
  }
  if (lookup !== null && lookup !== undefined) node.append(styled(make('div', { class: 'lookup' }), { left: across(lookup) }));
  return node;
}

function searchBox(label, change) {
  return make('label', {}, label, make('input', { type: 'search', oninput: (event) => change(event.target.value) }));
}

function pager(noun, turn) {
  const said = make('span', { 'aria-live': 'polite', class: 'shown' });
  const back = make('button', { type: 'button', class: 'button back', onclick: () => turn(-1) }, '‹ Previous');
  const on = make('button', { type: 'button', class: 'button on', onclick: () => turn(1) }, 'Next ›');
  const node = make('div', { class: 'pager' }, back, on, said);
  return {
    node,
    show(first, last, all) {
      back.disabled = first === 0;
      on.disabled = last >= all;
      back.hidden = on.hidden = first === 0 && last >= all;
      const some = back.hidden ? '' : `${count(first + 1)}–${count(last)} of `;
      said.textContent = all ? some + plural(all, noun) : `No ${noun} fits.`;
    },
  };
}

// A table that sorts and turns pages. A column: {name, value: row → what to sort by, cell: row → nodes, number, kind}.
function sortable(columns, { noun, sorted = null, falling = false, perPage = PER_PAGE }) {
  const body = make('tbody');
  const state = { rows: [], sorted, falling, page: 0 };
  const pages = pager(noun, (step) => {
    state.page += step;
    draw();
  });
  const heads = columns.map((column, place) => {
    const button = make('button', { type: 'button', onclick: () => sortBy(place) }, column.name);
    return make('th', { scope: 'col', class: column.number ? 'number' : null }, button);
  });

  const table = make('table', { class: 'list' }, make('thead', {}, make('tr', {}, heads)), body);

  function sortBy(place) {
    state.falling = state.sorted === place ? !state.falling : Boolean(columns[place].number);
    state.sorted = place;
    state.page = 0;
    draw();
  }

  function ordered() {
    if (state.sorted === null) return state.rows;
    const value = columns[state.sorted].value;
    return [...state.rows].sort((one, other) => compare(value(one), value(other)) * (state.falling ? -1 : 1));
  }

  function draw() {
    heads.forEach((head, place) => {
      if (place === state.sorted) head.setAttribute('aria-sort', state.falling ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    const first = state.page * perPage;
    const last = Math.min(first + perPage, state.rows.length);
    body.replaceChildren(...ordered().slice(first, last).map(line));
    pages.show(first, last, state.rows.length);
  }

  function line(row) {
    const cells = columns.map((column) => {
      const classes = [column.number && 'number', column.kind].filter(Boolean).join(' ');
      const content = column.cell ? column.cell(row) : column.value(row);
      return make('td', { class: classes || null, 'data-name': column.name }, content);
    });
    return make('tr', { class: row.over ? 'whole' : null }, cells);
  }

  return {
    node: make('div', {}, make('div', { class: 'holder' }, table), pages.node),
    show(rows) {
      state.rows = rows;
      state.page = 0;
      draw();
    },
  };
}

// Overview

function drawOverview() {
  const node = section('overview');
  node.append(make('p', { class: 'said' }, report.said));
  node.append(make('ul', { class: 'facts' }, report.facts.map(([name, fact]) => make('li', {}, `${name} `, make('b', {}, fact)))));
  node.append(...folded(report.rules.map(ruleDetails), 2, 'What the rules count'));
  node.append(...folded(report.notes.map((note) => make('p', { class: 'note' }, note)), 3, 'Notes'));
  const cards = report.rows.filter((row) => row.headline).slice(0, MOST_CARDS);
  node.append(make('div', { class: 'cards' }, cards.map(card)));
}

// Few parts as they are; many behind one line to open.
function folded(parts, most, name) {
  if (parts.length <= most) return parts;
  return [make('details', { class: 'rule' }, make('summary', {}, `${name} (${parts.length})`), parts)];
}

function ruleDetails(rule) {
  const lines = rule.lines.map(([name, said]) => [make('dt', {}, name), make('dd', {}, said)]);
  return make('details', { class: 'rule' }, make('summary', {}, `What the rule ${rule.name} counts`), make('dl', {}, lines));
}

function card(row) {
  const interval = row.intervals && row.intervals[2];
  const where = row.over ? `${row.datasets} corpora` : named(row.dataset);
  const mean = row.over && report.rows.find((one) => one.over === 'mean' && one.measure === row.measure && one.rule === row.rule);
  const lines = [
    make('div', { class: 'soft name' }, `${where} · ${row.measure}`),
    make('div', { class: 'big' }, percent(row.figures[2]), make('small', {}, ` F1 (${row.rule})`)),
    figureBar(row, 2),
    interval && make('div', { class: 'soft' }, `95 % interval ${range(interval)}`),
    mean && make('div', { class: 'soft' }, `mean of the corpora ${percent(mean.figures[2])}`),
    row.lookup && make('div', { class: 'soft' }, `lookup ${percent(row.lookup.figures[2])}, `, ahead(row)),
  ];
  return make('div', { class: 'card' }, lines);
}

function range(interval) {
  return `${percent(interval[0], 1)} – ${percent(interval[1], 1)}`;
}

function ahead(row) {
  const points = Number(percent(row.figures[2])) - Number(percent(row.lookup.figures[2]));
  const said = `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;
  return make('span', { class: points < 0 ? 'behind' : 'ahead' }, said);
}

// Figures

const FIGURES = ['Precision', 'Recall', 'F1'];

function figureBar(row, place) {
  const interval = row.intervals ? row.intervals[place] : null;
  const lookup = row.lookup ? row.lookup.figures[place] : null;
  const parts = [`${FIGURES[place]} ${percent(row.figures[place])}`];
  if (interval) parts.push(`95 % interval ${range(interval)}`);
  if (lookup !== null) parts.push(`lookup ${percent(lookup)}`);
  return bar(row.figures[place], { interval, lookup, strong: place === 2, says: parts.join(', ') });
}

function figureColumn(place) {
  const cell = (row) => {
    const value = make(place === 2 ? 'b' : 'span', { class: 'value' }, percent(row.figures[place]));
    const interval = row.intervals && make('span', { class: 'range' }, range(row.intervals[place]));
    return [value, ' ', interval, figureBar(row, place)];
  };
  return { name: FIGURES[place], value: (row) => row.figures[place], cell, kind: 'figure', number: true };
}

function drawFigures() {
  const state = { dataset: '', rule: '', main: report.rows.some((row) => !row.main) };
  const rules = unique(report.rows.map((row) => row.rule));
  const datasets = unique(report.rows.filter((row) => !row.over).map((row) => row.dataset));
  const list = sortable(figureColumns(rules.length > 1, report.rows.some((row) => row.lookup)), { noun: 'line', perPage: 40 });
  const draw = () => list.show(report.rows.filter((row) => figureFits(row, state)));
  const set = (name) => (value) => {
    state[name] = value;
    draw();
  };
  const controls = make('div', { class: 'controls' });
  if (datasets.length > 1) controls.append(choice('Corpus', datasetOptions(datasets), set('dataset')));
  if (rules.length > 1) controls.append(choice('Rule', [['', 'all'], ...rules.map((rule) => [rule, rule])], set('rule')));
  if (state.main) controls.append(tick('the main measures only', state.main, set('main')));
  section('figures').append(controls, figuresLegend(), list.node);
  section('figures-lead').textContent = report.lead;
  draw();
}

function figureFits(row, state) {
  return (
    (!state.dataset || (!row.over && `=${row.dataset}` === state.dataset)) &&
    (!state.rule || row.rule === state.rule) &&
    (!state.main || row.main)
  );
}

function figureColumns(rules, lookup) {
  const where = (row) => (row.over ? `${row.over} of ${row.datasets} corpora` : named(row.dataset));
  return [
    { name: 'Corpus', value: where, kind: 'name title' },
    { name: 'Measure', value: (row) => row.measure, kind: 'where' },
    ...(rules ? [{ name: 'Rule', value: (row) => row.rule, kind: 'where' }] : []),
    ...[0, 1, 2].map(figureColumn),
    ...(lookup ? lookupColumns() : []),
    { name: 'Gold items', value: (row) => row.gold, cell: (row) => (row.gold === null ? '' : count(row.gold)), number: true },
    { name: 'Documents', value: (row) => row.documents, cell: (row) => count(row.documents), number: true },
  ];
}

function lookupColumns() {
  const interval = (lookup) => lookup.interval && make('div', { class: 'range' }, range(lookup.interval));
  return [
    {
      name: 'Lookup F1',
      value: (row) => (row.lookup ? row.lookup.figures[2] : null),
      cell: (row) => row.lookup && [percent(row.lookup.figures[2]), ' ', interval(row.lookup)],
      number: true,
    },
    {
      name: 'Ahead',
      value: (row) => (row.lookup ? row.figures[2] - row.lookup.figures[2] : null),
      cell: (row) => row.lookup && ahead(row),
      number: true,
    },
  ];
}

function datasetOptions(datasets) {
  return [['', 'all'], ...datasets.map((dataset) => [`=${dataset}`, named(dataset)])];
}

function tick(label, checked, change) {
  const box = make('input', { type: 'checkbox', checked, onchange: (event) => change(event.target.checked) });
  return make('label', { class: 'tick' }, box, label);
}

function figuresLegend() {
  const sample = (said, drawn) => make('span', {}, bar(0.7, { strong: true, says: '', ...drawn }), said);
  const interval = report.rows.some((row) => row.intervals) && sample('95 % interval', { interval: [0.5, 0.9] });
  const lookup = report.rows.some((row) => row.lookup) && sample('lookup of training mentions', { lookup: 0.4 });
  return interval || lookup ? make('div', { class: 'legend' }, interval, lookup) : '';
}

// Mistakes most often made

function drawWorst() {
  const kinds = report.confusions.flatMap(kindsOf).sort((one, other) => other.times - one.times);
  const cells = report.confusions.flatMap(wrongCells).sort((one, other) => other.times - one.times);
  if (!kinds.length) return section('worst').remove();
  const lists = [
    ['By kind', kinds.slice(0, MOST_WORST)],
    ['By type', cells.slice(0, MOST_WORST)],
  ];
  const lines = make('div', { class: 'worst' });
  for (const [name, found] of lists.filter(([, found]) => found.length)) {
    const most = found[0].times;
    lines.append(make('div', {}, make('h3', {}, name), make('ol', {}, found.map((one) => make('li', {}, worstLine(one, most))))));
  }
  section('worst').append(lines);
}

function kindsOf(confusion) {
  const all = Object.values(confusion.kinds).reduce((sum, times) => sum + times, 0);
  const wrong = Object.entries(confusion.kinds).filter(([kind, times]) => kind !== 'correct' && times);
  return wrong.map(([kind, times]) => ({
    says: [make('span', { class: `kind ${css(kind)}` }, kind), ` ${LAYERS[confusion.layer]}`],
    of: `${percent(times / all, 1)} % of ${count(all)}`,
    times,
    confusion,
    filter: { kind },
  }));
}

function wrongCells(confusion) {
  const found = [];
  confusion.matrix.forEach((row, g) => {
    row.forEach((times, p) => {
      if (times && cellKind(confusion, g, p) !== 'same') found.push(cellLine(confusion, g, p, times));
    });
  });
  return found;
}

// What a cell counts: "same" type on both sides, "missed", "invented" or "other": another type.
function cellKind(confusion, g, p) {
  if (p === confusion.predicted.length) return 'missed';
  if (g === confusion.gold.length) return 'invented';
  return confusion.gold[g] === confusion.predicted[p] ? 'same' : 'other';
}

function cellLine(confusion, g, p, times) {
  const kind = cellKind(confusion, g, p);
  const type = (name) => make('b', { class: 'name' }, typeName(name));
  const gold = confusion.gold[g];
  const predicted = confusion.predicted[p];
  const says = {
    missed: () => [type(gold), ' ', make('span', { class: 'missed' }, 'missed')],
    invented: () => [type(predicted), ' ', make('span', { class: 'invented' }, 'invented')],
    other: () => [type(gold), ' ', make('span', { class: 'wrong-type' }, 'taken for'), ' ', type(predicted)],
  }[kind]();
  const line = kind === 'invented' ? confusion.matrix.map((row) => row[p]) : confusion.matrix[g];
  const all = line.reduce((sum, one) => sum + one, 0);
  const of = `${percent(times / all, 1)} % of ${count(all)} ${kind === 'invented' ? 'predicted' : 'gold'}`;
  return { says, of, times, confusion, filter: { cell: [g, p] } };
}

function worstLine(one, most) {
  const where = placeOf(one.confusion);
  return opener(
    'worst-line',
    () => browse(one.confusion, one.filter),
    make('span', {}, one.says, where ? make('span', { class: 'soft' }, ` · ${where}`) : null),
    bar(one.times / most, { says: plural(one.times, 'time') }),
    make('span', { class: 'soft' }, make('b', {}, count(one.times)), ` · ${one.of}`),
  );
}

// The corpus and the task of items, as far as the report has others of their sort.
function placeOf(confusion) {
  const layer = report.confusions.filter((one) => one.layer === confusion.layer);
  const several = (name) => unique(layer.map((one) => one[name])).length > 1;
  const parts = [several('dataset') && named(confusion.dataset), several('task') && confusion.task];
  return parts.filter(Boolean).join(', ');
}

// A button that opens documents; where the report holds none, its content alone.
function opener(kind, open, ...content) {
  if (!report.documents.list.length) return make('div', { class: kind }, content);
  return make('button', { type: 'button', class: kind, onclick: open }, content);
}

function typeName(type) {
  return type || '(no type)';
}

function css(kind) {
  return kind.replaceAll(' ', '-');
}

// Types

function drawTypes() {
  if (!report.types.length) return section('types').remove();
  const numbers = unique(report.types.map((type) => type.row));
  const state = { row: numbers.length === 1 ? String(numbers[0]) : '', text: '' };
  const list = sortable(typeColumns(numbers.length > 1, report.types.some((type) => type.lookup)), { noun: 'type' });
  const said = make('p', { class: 'soft' });
  const draw = () => {
    list.show(report.types.filter((type) => (!state.row || String(type.row) === state.row) && contains(type.type, state.text)));
    said.textContent = state.row ? meansOf(report.rows[state.row]) : '';
  };
  const set = (name) => (value) => {
    state[name] = value;
    draw();
  };
  const options = [['', 'all'], ...numbers.map((number) => [String(number), rowName(report.rows[number])])];
  const measure = numbers.length > 1 && choice('Measure', options, set('row'));
  section('types').append(make('div', { class: 'controls' }, measure, searchBox('Type contains', set('text'))), said, list.node);
  draw();
}

function meansOf(row) {
  return `Mean F1 of the types of gold (macro) ${percent(row.macro)}, weighted by their items ${percent(row.weighted)}.`;
}

function rowName(row) {
  return `${named(row.dataset)}: ${row.measure} (${row.rule})`;
}

function contains(text, part) {
  return text.toLowerCase().includes(part.trim().toLowerCase());
}

function typeColumns(several, lookup) {
  const row = (type) => report.rows[type.row];
  const where = [
    { name: 'Corpus', value: (type) => named(row(type).dataset), kind: 'name where' },
    { name: 'Measure', value: (type) => row(type).measure, kind: 'where' },
  ];
  const counted = (name, value) => ({ name, value, cell: (type) => count(value(type)), number: true });
  return [
    { name: 'Type', value: (type) => type.type, kind: 'name title' },
    ...(several ? where : []),
    ...[0, 1, 2].map(figureColumn),
    ...(lookup ? lookupColumns().slice(0, 1) : []),
    counted('Right', (type) => type.counts[0]),
    counted('Wrong', (type) => type.counts[1]),
    counted('Missed', (type) => type.counts[2]),
    counted('Gold', (type) => type.counts[0] + type.counts[2]),
  ];
}

// Confidence

// A square chart of shares: x and y from 0 to 1.
const SQUARE = { size: 300, left: 44, bottom: 40, top: 10, right: 12 };

function drawConfidence() {
  if (!report.confidence.length) return section('confidence').remove();
  section('confidence-lead').textContent = report.confidence_lead;
  const place = make('div');
  const show = (number) => place.replaceChildren(...sureParts(report.confidence[number]));
  const options = report.confidence.map((one, number) => [String(number), one.name]);
  if (options.length > 1) section('confidence').append(make('div', { class: 'controls' }, choice('Measure', options, show, '0')));
  section('confidence').append(place);
  show(0);
}

function sureParts(one) {
  const thresholds = sortable(thresholdColumns(), { noun: 'threshold' });
  thresholds.show(one.thresholds);
  const bins = sortable(binColumns(), { noun: 'bin' });
  bins.show(one.bins);
  const table = (name, list) => make('div', {}, make('h3', {}, name), list.node);
  return [
    make('div', { class: 'cards' }, one.figures.map(sureCard)),
    make('div', { class: 'squares' }, one.charts.map(square)),
    make('div', { class: 'sure-tables' }, table('Best thresholds', thresholds), table('Reliability', bins)),
  ];
}

function sureCard(figure) {
  const parts = [
    make('div', { class: 'soft' }, figure.name),
    make('div', { class: 'big' }, percent(figure.share)),
    make('div', { class: 'soft' }, figure.said),
  ];
  return make('div', { class: 'card' }, parts);
}

// A chart: {name, x, y, points: [[x, y, what it says]], dots: whether each point is marked, diagonal}.
function square(chart) {
  const { size, left, bottom, top, right } = SQUARE;
  const x = (share) => left + share * (size - left - right);
  const y = (share) => size - bottom - share * (size - top - bottom);
  const ends = [chart.points[0], chart.points[chart.points.length - 1]].map((point) => point[2]);
  const canvas = svg('svg', { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': [chart.name, ...ends].join('; ') });
  for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    canvas.append(
      svg('line', { class: 'grid', x1: x(0), x2: x(1), y1: y(share), y2: y(share) }),
      svg('text', { x: x(0) - 6, y: y(share) + 4, 'text-anchor': 'end' }, percent(share, 0)),
      svg('text', { x: x(share), y: y(0) + 16, 'text-anchor': 'middle' }, percent(share, 0)),
    );
  }
  if (chart.diagonal) canvas.append(svg('line', { class: 'ideal', x1: x(0), x2: x(1), y1: y(0), y2: y(1) }));
  canvas.append(svg('polyline', { class: 'curve', points: chart.points.map(([one, other]) => `${x(one)},${y(other)}`).join(' ') }));
  for (const [one, other, says] of chart.points) {
    const dot = { class: chart.dots ? 'dot' : 'dot unseen', cx: x(one), cy: y(other), r: 4 };
    canvas.append(svg('circle', dot, svg('title', {}, says)));
  }
  canvas.append(
    svg('text', { class: 'axis', x: (x(0) + x(1)) / 2, y: size - 6, 'text-anchor': 'middle' }, chart.x),
    svg('text', { class: 'axis', x: -(y(0) + y(1)) / 2, y: 12, transform: 'rotate(-90)', 'text-anchor': 'middle' }, chart.y),
  );
  return make('figure', { class: 'card square' }, make('figcaption', {}, chart.name), canvas);
}

function shareColumn(name, value) {
  return { name, value, cell: (one) => percent(value(one)), number: true };
}

function thresholdColumns() {
  return [
    { name: 'Type', value: (one) => one.type, kind: 'name title' },
    { name: 'At least', value: (one) => one.threshold, cell: (one) => one.threshold.toFixed(3), number: true },
    shareColumn('F1', (one) => one.f1),
    shareColumn('F1 of all', (one) => one.whole),
    { name: 'Items left', value: (one) => one.items, cell: (one) => `${count(one.items)} of ${count(one.of)}`, number: true },
  ];
}

function binColumns() {
  return [
    { name: 'Confidence', value: (one) => one.low, cell: (one) => `${one.low.toFixed(3)} – ${one.high.toFixed(3)}`, kind: 'title' },
    { name: 'Items', value: (one) => one.items, cell: (one) => count(one.items), number: true },
    shareColumn('Mean', (one) => one.confidence),
    shareColumn('Right', (one) => one.right),
  ];
}

// Problems in the answers

function drawProblems() {
  if (!report.audits.length) return section('problems').remove();
  section('problems').append(make('div', { class: 'problems' }, report.audits.map(auditCard)));
}

function auditCard(audit) {
  const there = audit.problems.filter((problem) => problem.documents);
  const none = audit.problems.filter((problem) => !problem.documents && !problem.part).map((problem) => problem.says);
  return make(
    'div',
    { class: 'card' },
    make('h3', { class: 'name' }, `${named(audit.dataset)} · ${plural(audit.documents, 'document')}`),
    there.map((problem) => problemLine(problem, audit.documents)),
    none.length ? make('p', { class: 'soft never' }, `Never: ${none.join('; ')}.`) : null,
  );
}

function problemLine(problem, documents) {
  const share = problem.documents / documents;
  const times = problem.pieces === problem.documents ? '' : `, ${count(problem.pieces)} times`;
  return make(
    'div',
    { class: problem.part ? 'problem part' : 'problem' },
    make('span', {}, problem.says),
    bar(share, { says: `${percent(share, 1)} % of the documents` }),
    make('span', { class: 'number' }, make('b', {}, `${percent(share, 1)} %`)),
    examples(`${plural(problem.documents, 'document')}${times}`, problem.examples),
  );
}

function examples(said, found) {
  if (!found.length) return make('p', { class: 'soft' }, said);
  const piece = (text) => [': ', make('span', { class: 'piece', dir: 'auto' }, text)];
  const lines = found.map(([id, text]) => make('li', {}, documentLink(id), text ? piece(text) : null));
  const first = `${said}; ${found.length === 1 ? 'see it' : `see ${count(found.length)} examples`}`;
  return make('details', {}, make('summary', {}, first), make('ul', {}, lines));
}

function documentLink(id) {
  const known = report.documents.list.some((one) => one.id === id);
  if (!known) return make('span', { class: 'name' }, id);
  return make('button', { type: 'button', class: 'link', onclick: () => browse(null, { id }) }, id);
}

// Heat map

function drawConfusions() {
  const found = report.confusions.filter((confusion) => confusion.gold.length + confusion.predicted.length > 0);
  if (!found.length) return section('confusions').remove();
  const place = make('div');
  const show = (index) => place.replaceChildren(...heatMap(found[index]));
  if (found.length > 1) {
    const name = (confusion) => `${named(confusion.dataset)}: ${confusion.task} ${LAYERS[confusion.layer]}`;
    const options = found.map((confusion, index) => [String(index), name(confusion)]);
    section('confusions').append(make('div', { class: 'controls' }, choice('Corpus and task', options, show, '0')));
  }
  section('confusions').append(place);
  show(0);
}

function heatMap(confusion) {
  const gold = mostTypes(confusion.gold, (g) => confusion.matrix[g]);
  const predicted = mostTypes(confusion.predicted, (p) => confusion.matrix.map((row) => row[p]));
  const columns = [...predicted, confusion.predicted.length];
  const corner = make('th', { scope: 'col' }, 'gold ↓ predicted →');
  const head = columns.map((p) => heatHead('col', confusion.predicted, p, 'missed'));
  const lines = [...gold, confusion.gold.length].map((g) => {
    const cells = columns.map((p) => heatCell(confusion, g, p));
    return make('tr', {}, heatHead('row', confusion.gold, g, 'invented'), cells);
  });
  const table = make('table', { class: 'heat' }, make('thead', {}, make('tr', {}, corner, head)), make('tbody', {}, lines));
  const some = gold.length < confusion.gold.length || predicted.length < confusion.predicted.length;
  const of = `${count(confusion.gold.length)} in gold and ${count(confusion.predicted.length)} predicted`;
  const said = some ? make('p', { class: 'soft' }, `The ${MOST_HEAT_TYPES} types with most items of ${of}.`) : '';
  return [make('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Confusions' }, table), said];
}

function heatHead(scope, types, place, edge) {
  const name = place === types.length ? edge : typeName(types[place]);
  return make('th', { scope, title: name, class: place === types.length ? 'edge' : null }, make('span', {}, name));
}

function mostTypes(types, line) {
  const items = types.map((_, place) => line(place).reduce((sum, times) => sum + times, 0));
  const most = types.map((_, place) => place).sort((one, other) => items[other] - items[one]);
  return most.slice(0, MOST_HEAT_TYPES).sort((one, other) => one - other);
}

function heatCell(confusion, g, p) {
  const times = confusion.matrix[g][p];
  const kind = cellKind(confusion, g, p);
  if (!times) return make('td', { class: kind === 'same' ? 'same' : null });
  const share = times / confusion.matrix[g].reduce((sum, one) => sum + one, 0);
  const side = (types, place) => (place === types.length ? 'nothing' : typeName(types[place]));
  const says = `gold ${side(confusion.gold, g)}, predicted ${side(confusion.predicted, p)}: ${plural(times, 'time')}`;
  const content = opener('cell', () => browse(confusion, { cell: [g, p] }), count(times));
  content.setAttribute('title', says);
  content.setAttribute('aria-label', says);
  const classes = [kind === 'same' && 'same', share > 0.5 && 'strong'].filter(Boolean).join(' ');
  // Two ranges of shades with a gap between: dark ink reads well on the one, light ink on the other.
  const shade = share > 0.5 ? 0.64 + 0.36 * share : 0.05 + share;
  return styled(make('td', { class: classes || null }, content), { '--share': shade.toFixed(3) });
}

// Bars by length or group

function drawCharts() {
  if (!report.charts.length) return section('charts').remove();
  const measures = unique(report.charts.map((chart) => chart.measure));
  const place = make('div', { class: 'charts' });
  const show = (measure) => {
    place.replaceChildren(...report.charts.filter((chart) => chart.measure === measure).map(chartCard));
  };
  const select = choice('Measure', measures.map((measure) => [measure, measure]), show, measures[0]);
  section('charts').append(measures.length > 1 ? make('div', { class: 'controls' }, select) : '', place);
  show(measures[0]);
}

function chartCard(chart) {
  return make(
    'div',
    { class: 'card chart' },
    make('h3', {}, `F1 by ${chart.by}`),
    make('p', { class: 'soft' }, chart.unit),
    make('div', { class: 'columns' }, chart.buckets.map(chartColumn)),
  );
}

function chartColumn(bucket) {
  const gold = bucket.counts[0] + bucket.counts[2];
  const figures = FIGURES.map((name, place) => `${name} ${percent(bucket.figures[place])}`).join(', ');
  const says = `${bucket.name}: ${figures}; ${plural(gold, 'gold item')} in ${plural(bucket.documents, 'document')}`;
  const rod = styled(make('div'), { height: `${82 * bucket.figures[2]}%` });
  return make(
    'div',
    { class: gold < FEW ? 'column few' : 'column', role: 'img', 'aria-label': says, title: says },
    make('div', { class: 'well' }, make('span', {}, gold ? percent(bucket.figures[2], 1) : '–'), rod),
    make('b', { class: 'name' }, bucket.name),
    make('span', { class: 'count' }, count(gold)),
  );
}

// Documents: the filter

// What is looked for: `part` is a task with a layer, `cell` a pair of types. `found` fits; it is shown from `first` on.
const NOTHING_ASKED = { dataset: '', part: '', type: '', text: '', id: null, cell: null };
const browser = { ...NOTHING_ASKED, kinds: new Set(), found: [], first: 0, current: -1 };
const UNREAD = 'problems in the answer';
const PAGE = 10;

function drawDocuments() {
  const node = section('documents');
  section('documents-lead').textContent = report.documents_lead;
  if (!report.documents.list.length) return;
  report.documents.list.forEach((one, place) => {
    one.place = place;
    one.searched = `${one.id}\n${one.pieces.join('')}`.toLowerCase();
  });
  browser.controls = make('div', { class: 'controls' }, browserControls());
  browser.kindsNode = make('div', { class: 'kinds', role: 'group', 'aria-label': 'Kinds of items' });
  browser.tags = make('div', { class: 'kinds' });
  browser.list = make('div', { id: 'list' });
  browser.above = pager('document', turn);
  browser.below = pager('document', turn);
  const hint = make('p', { class: 'soft hint' }, 'Keys: j or → next document, k or ← previous, / search.');
  const { controls, kindsNode, tags, above, list, below } = browser;
  node.append(textLegend(), controls, kindsNode, tags, hint, above.node, list, below.node);
  document.addEventListener('keydown', onKey);
  filterDocuments();
}

function browserControls() {
  const items = report.documents.list.flatMap((one) => one.items);
  const datasets = unique(report.documents.list.map((one) => one.dataset)).sort(compare);
  const parts = unique(items.map(partOf));
  const types = unique(items.flatMap((item) => item.types)).filter(Boolean).sort(compare);
  const partName = (part) => part.replace(/ (\w+)$/, (_, layer) => ` ${LAYERS[layer]}`);
  const set = (name) => (value) => {
    browser[name] = value;
    filterDocuments();
  };
  browser.inputs = {
    dataset: choice('Corpus', datasetOptions(datasets), set('dataset')),
    part: choice('Task', [['', 'all'], ...parts.map((part) => [part, partName(part)])], set('part')),
    type: choice('Type', [['', 'all'], ...types.map((type) => [`=${type}`, type])], set('type')),
    text: searchBox('Text or id contains', set('text')),
  };
  browser.inputs.dataset.hidden = datasets.length < 2;
  browser.inputs.part.hidden = parts.length < 2;
  return Object.values(browser.inputs);
}

// Opens the documents that a cell, a kind or an id stands for; whatever was filtered before is forgotten.
function browse(confusion, { kind, cell, id }) {
  Object.assign(browser, NOTHING_ASKED, { id: id === undefined ? null : id, kinds: new Set(kind ? [kind] : []) });
  if (confusion) Object.assign(browser, { dataset: `=${confusion.dataset}`, part: partOf(confusion) });
  if (cell) browser.cell = { gold: typeAt(confusion.gold, cell[0]), predicted: typeAt(confusion.predicted, cell[1]) };
  for (const [name, label] of Object.entries(browser.inputs)) label.lastChild.value = browser[name];
  filterDocuments();
  const heading = section('documents').firstElementChild;
  heading.focus({ preventScroll: true });
  section('documents').scrollIntoView();
}

function partOf(item) {
  return `${item.task} ${item.layer}`;
}

function typeAt(types, place) {
  return place === types.length ? null : types[place]; // null: no item on that side
}

function itemFits(item) {
  const cell = browser.cell;
  return (
    (!browser.part || partOf(item) === browser.part) &&
    (!browser.type || item.types.some((type) => type !== null && `=${type}` === browser.type)) &&
    (!cell || (cell.gold === item.types[0] && cell.predicted === item.types[1]))
  );
}

function kindFits(item) {
  if (browser.kinds.size) return browser.kinds.has(item.kind);
  return item.kind !== 'correct' || browser.cell !== null;
}

// Whether an item of the document is looked for, or its unread pieces are; without a question about items, any document is shown.
function anyFits(one) {
  if (browser.kinds.has(UNREAD) && one.problems.length) return true;
  const about = browser.kinds.size || browser.part || browser.type || browser.cell;
  return !about || one.items.some((item) => itemFits(item) && kindFits(item));
}

function documentFits(one) {
  return (
    (!browser.dataset || `=${one.dataset}` === browser.dataset) &&
    (browser.id === null || one.id === browser.id) &&
    one.searched.includes(browser.text.trim().toLowerCase())
  );
}

function filterDocuments() {
  const fitting = report.documents.list.filter(documentFits);
  browser.found = fitting.filter(anyFits);
  browser.first = 0;
  browser.current = -1;
  drawKinds(fitting);
  drawTags();
  drawPage();
}

// The kinds, with how many of the documents have one that fits all else that is asked.
function drawKinds(fitting) {
  const times = new Map([...report.documents.kinds, UNREAD].map((kind) => [kind, 0]));
  for (const one of fitting) {
    const kinds = new Set(one.items.filter(itemFits).map((item) => item.kind));
    if (one.problems.length) kinds.add(UNREAD);
    for (const kind of kinds) times.set(kind, times.get(kind) + 1);
  }
  const there = [...times].filter(([kind, number]) => number || browser.kinds.has(kind));
  browser.kindsNode.replaceChildren('documents with', ...there.map(kindButton));
}

function kindButton([kind, number]) {
  const pressed = String(browser.kinds.has(kind));
  const node = make('button', { type: 'button', class: 'button', 'data-kind': kind, 'aria-pressed': pressed }, kindName(kind));
  node.addEventListener('click', () => toggleKind(kind));
  node.append(' ', make('span', { class: 'times' }, count(number)));
  return node;
}

function kindName(kind) {
  return kind === 'correct' ? 'right' : kind;
}

function toggleKind(kind) {
  if (!browser.kinds.delete(kind)) browser.kinds.add(kind);
  filterDocuments();
  const again = [...browser.kindsNode.children].find((button) => button.dataset.kind === kind);
  if (again) again.focus();
}

function drawTags() {
  const side = (type) => (type === null ? 'nothing' : typeName(type));
  const { cell, id } = browser;
  const tags = [];
  if (cell) tags.push(tag(`gold ${side(cell.gold)}, predicted ${side(cell.predicted)}`, 'cell'));
  if (id !== null) tags.push(tag(`document ${id}`, 'id'));
  browser.tags.replaceChildren(...tags);
}

function tag(said, name) {
  const remove = () => {
    browser[name] = null;
    filterDocuments();
  };
  const cross = make('span', { 'aria-label': 'remove' }, '✕');
  return make('button', { type: 'button', class: 'tag', onclick: remove }, `only ${said} `, cross);
}

function drawPage() {
  const last = Math.min(browser.first + PAGE, browser.found.length);
  browser.list.replaceChildren(...browser.found.slice(browser.first, last).map(documentCard));
  browser.above.show(browser.first, last, browser.found.length);
  browser.below.show(browser.first, last, browser.found.length);
  browser.below.node.hidden = browser.found.length <= PAGE;
}

function turn(step) {
  browser.first += step * PAGE;
  drawPage();
  select(browser.first);
}

function select(place) {
  if (place < 0 || place >= browser.found.length) return;
  const first = place - (place % PAGE);
  if (first !== browser.first) {
    browser.first = first;
    drawPage();
  }
  browser.current = place;
  [...browser.list.children].forEach((card, index) => card.classList.toggle('current', browser.first + index === place));
  const card = browser.list.children[place - first];
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: 'start' });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea, .scroller')) return;
  const step = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[event.key];
  if (step) {
    event.preventDefault();
    select(Math.max(0, browser.current < 0 ? browser.first : browser.current + step));
  } else if (event.key === '/') {
    event.preventDefault();
    browser.inputs.text.lastChild.focus();
  }
}

// Documents: the text

function textLegend() {
  const sample = (kind, above, below, said) => {
    const mark = make('span', { class: 'm' }, 'words');
    paintLines(mark, above ? [[kind, 0, 'whole']] : [], below ? [[kind, 0, 'whole']] : [], [1, 1]);
    return make('span', {}, styled(make('span', { class: 'text' }, mark), { '--above': 1, '--below': 1 }), ` ${said}`);
  };
  const missed = sample('missed', true, false, 'line above only: in gold, not predicted');
  const invented = sample('invented', false, true, 'line below only: predicted, not in gold');
  return make('div', { class: 'legend' }, sample('correct', true, true, 'both: right'), missed, invented);
}

function documentCard(one) {
  const wrong = one.items.filter((item) => item.kind !== 'correct').length;
  const said = [named(one.dataset), `${plural(wrong, 'mistake')}, ${count(one.items.length - wrong)} right`];
  const header = make('header', {}, make('b', {}, one.id), said.map((part) => make('span', {}, part)));
  const text = drawnText(one);
  const items = one.items.length ? itemsTable(one, text) : null;
  return make('article', { tabindex: -1, 'data-id': one.id }, header, text, items, one.problems.map(unreadPiece));
}

function unreadPiece([says, piece]) {
  const quoted = make('span', { class: 'piece', dir: 'auto' }, piece);
  return make('p', { class: 'unread' }, make('span', { class: 'soft' }, piece ? `${says}: ` : says), piece ? quoted : null);
}

function drawnText(one) {
  const marks = marksOf(one);
  const lanes = [0, 1].map((side) => lanesOf(marks.filter((mark) => mark.side === side)));
  const chips = chipPlaces(one, marks);
  const node = make('p', { class: 'text', lang: one.lang || null, dir: 'auto' });
  styled(node, { '--above': lanes[0], '--below': lanes[1], '--lanes': lanes[0] + lanes[1] });
  one.pieces.forEach((piece, place) => {
    const here = marks.filter((mark) => mark.from <= place && place < mark.to);
    node.append(...(here.length ? [markedPiece(piece, place, here, lanes)] : plainPiece(piece)));
    node.append(...(chips.get(place + 1) || []).map((item) => chip(item)));
  });
  return node;
}

// The lines of a text: each mention of each item on its side, from piece to piece, with the runs of pieces it consists of.
function marksOf(one) {
  const marks = [];
  one.items.forEach((item, index) => {
    item.sides.forEach((mentions, side) => {
      for (const mention of mentions || []) {
        const at = one.mentions[mention].at;
        const place = at && { at, from: at[0][0], to: at[at.length - 1][1] };
        if (at) marks.push({ item: index, kind: item.kind, layer: item.layer, side, mention, ...place });
      }
    });
  });
  return withoutRepeats(marks);
}

// Ends of relations get a line only where nothing else marks them; several items of one mention and kind share a line.
function withoutRepeats(marks) {
  const taken = new Set(marks.filter((mark) => mark.layer !== 'relation').map((mark) => `${mark.side} ${mark.mention}`));
  const seen = new Set();
  return marks.filter((mark) => {
    if (mark.layer === 'relation') {
      if (taken.has(`${mark.side} ${mark.mention}`)) return false;
      mark.kind = 'end';
    }
    const key = `${mark.side} ${mark.mention} ${mark.kind}`;
    return !seen.has(key) && seen.add(key);
  });
}

// Gives each mark a lane, so that lines never cross; returns how many lanes there are.
function lanesOf(marks) {
  const ends = [];
  for (const mark of [...marks].sort((one, other) => one.from - other.from || other.to - one.to)) {
    let lane = ends.findIndex((end) => end <= mark.from);
    if (lane < 0) lane = ends.length;
    ends[lane] = mark.to;
    mark.lane = lane;
  }
  return ends.length;
}

function markedPiece(piece, place, marks, lanes) {
  const node = make('span', { class: 'm', 'data-mentions': unique(marks.map((mark) => mark.mention)).join(' ') }, piece);
  const line = (mark) => [mark.kind, mark.lane, lineShape(mark, place)];
  paintLines(node, marks.filter((mark) => mark.side === 0).map(line), marks.filter((mark) => mark.side === 1).map(line), lanes);
  return node;
}

function lineShape(mark, place) {
  if (!mark.at.some(([from, to]) => from <= place && place < to)) return 'gap';
  return mark.to === place + 1 ? 'last' : 'whole';
}

// Lines are backgrounds of the words themselves: so they follow them over line ends and in any direction of writing. The first lane
// is the nearest to the words.
function paintLines(node, above, below, lanes) {
  const lines = [
    ...above.map(([kind, lane, shape]) => paintedLine(kind, shape, `${4 * (lanes[0] - 1 - lane)}px`)),
    ...below.map(([kind, lane, shape]) => paintedLine(kind, shape, `calc(100% - ${4 * (lanes[1] - 1 - lane)}px)`)),
  ];
  for (const property of ['image', 'position', 'size']) {
    node.style.setProperty(`background-${property}`, lines.map((line) => line[property]).join(', '));
  }
}

function paintedLine(kind, shape, down) {
  const colour = `var(--line-${css(kind)})`;
  const dots = `repeating-linear-gradient(90deg, ${colour} 0 2px, transparent 2px 5px)`;
  return {
    image: shape === 'gap' ? dots : `linear-gradient(${colour}, ${colour})`,
    position: `0 ${down}`,
    size: `${shape === 'last' ? 'calc(100% - 2px)' : '100%'} ${shape === 'gap' ? 1 : 3}px`,
  };
}

function plainPiece(piece) {
  const characters = [...piece];
  if (characters.length <= LONGEST_PLAIN) return [piece];
  const part = (from, to) => characters.slice(from, to).join('');
  const said = `… ${count(characters.length - 300)} characters …`;
  const button = make('button', { type: 'button', class: 'more', onclick: () => button.replaceWith(part(150, -150)) }, said);
  return [part(0, 150), button, part(-150)];
}

// Where the labels of items stand: behind the last word of what they mark. Number of pieces before it → items.
function chipPlaces(one, marks) {
  const ends = new Map();
  for (const mark of marks) {
    if (mark.kind !== 'end') ends.set(mark.item, Math.max(mark.to, ends.get(mark.item) || 0));
  }
  const places = new Map();
  for (const [item, end] of ends) {
    let place = end;
    while (isInsideWord(one.pieces, place)) place += 1;
    places.set(place, [...(places.get(place) || []), one.items[item]]);
  }
  return places;
}

function isInsideWord(pieces, place) {
  const letters = /[\p{L}\p{N}\p{M}]/u;
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
  if (place >= pieces.length) return false;
  const [before, after] = [[...pieces[place - 1]].pop(), [...pieces[place]][0]];
  return letters.test(before) && letters.test(after) && !unspaced.test(before + after);
}

function chip(item) {
  const faded = item.kind !== 'correct' && !(itemFits(item) && kindFits(item));
  return make('span', { class: `chip ${css(item.kind)}${faded ? ' faded' : ''}` }, chipText(item));
}

function chipText(item) {
  const [gold, predicted] = item.types.map((type) => type || '');
  if (item.kind === 'correct') return gold;
  if (item.sides[0] === null || item.sides[1] === null) return `${item.kind} ${gold || predicted}`.trim();
  return gold === predicted ? `${gold} · ${item.kind}` : `${gold} → ${predicted}`;
}

// Documents: the items

function itemsTable(one, text) {
  const groups = new Map();
  one.items.forEach((item, index) => {
    const key = item.group === undefined ? `item ${index}` : `event ${item.group}`;
    groups.set(key, [...(groups.get(key) || []), item]);
  });
  const body = make('tbody');
  const hidden = [];
  for (const items of groups.values()) {
    const rows = items.map((item) => itemRow(one, item, text));
    if (items.every((item) => item.kind === 'correct')) hidden.push(...rows);
    body.append(...rows);
  }
  const heads = ['', 'Gold', 'Predicted'].map((name) => make('th', { scope: 'col' }, name));
  const table = make('table', { class: 'items' }, make('thead', {}, make('tr', {}, heads)), body);
  table.hidden = hidden.length === one.items.length;
  return [table, hidden.length ? foldRight(table, hidden) : null];
}

function foldRight(table, rows) {
  const alone = table.hidden;
  const button = make('button', { type: 'button', class: 'more' });
  const fold = (hide) => {
    rows.forEach((row) => (row.hidden = hide));
    table.hidden = alone && hide;
    button.setAttribute('aria-expanded', String(!hide));
    button.textContent = hide ? `Show ${plural(rows.length, 'right one')}` : 'Hide what is right';
  };
  button.addEventListener('click', () => fold(button.getAttribute('aria-expanded') === 'true'));
  fold(true);
  return make('p', {}, button);
}

function itemRow(one, item, text) {
  const mentions = item.sides.flatMap((side) => side || []);
  const light = (on) => () => {
    for (const piece of text.querySelectorAll('.m')) {
      piece.classList.toggle('lit', on && piece.dataset.mentions.split(' ').some((mention) => mentions.includes(Number(mention))));
    }
  };
  const kind = make('td', { class: `kind ${css(item.kind)}` }, kindName(item.kind));
  const cells = [0, 1].map((side) => make('td', { class: item.sides[side] === null ? 'none' : null }, itemSide(one, item, side)));
  const faded = item.kind !== 'correct' && !(itemFits(item) && kindFits(item)) ? ' faded' : '';
  const classes = `${item.layer === 'argument' ? 'under' : ''}${faded}`.trim();
  return make('tr', { class: classes || null, onmouseenter: light(true), onmouseleave: light(false) }, kind, cells);
}

function itemSide(one, item, side) {
  const mentions = item.sides[side];
  if (mentions === null) return '–';
  const end = (place) => (item.ends ? ` (${typeName(item.ends[side][place])})` : '');
  const quoted = mentions.map((mention, place) => [quote(one, mention), end(place)]);
  const type = item.types[side];
  if (item.layer === 'relation') return [quoted[0], arrow(typeName(type)), quoted[1]];
  const label = type ? make('span', { class: 'label' }, sideLabel(item, type)) : null;
  return [label, ' ', quoted.length ? quoted : make('span', { class: 'soft' }, 'no trigger')];
}

function arrow(relation) {
  return make('span', { class: 'arrow' }, ' ─ ', make('b', {}, relation), ' → ');
}

// An argument stands below its event, so that its role is enough, but where it is the event that is wrong.
function sideLabel(item, type) {
  const whole = item.layer !== 'argument' || item.group === undefined || item.kind === 'wrong event type';
  return whole ? type : type.slice(type.lastIndexOf('/') + 1);
}

function quote(one, mention) {
  const { at, text } = one.mentions[mention];
  const said = at ? at.map(([from, to]) => one.pieces.slice(from, to).join('')).join(' … ') : text;
  const nowhere = at ? null : make('span', { class: 'soft' }, ' (no place in the text)');
  return ['“', make('bdi', { lang: one.lang || null }, said), '”', nowhere];
}

// The page

drawOverview();
drawFigures();
drawWorst();
drawTypes();
drawConfidence();
drawProblems();
drawConfusions();
drawCharts();
drawDocuments();
drawContents();
