// The data of a corpus (the JSON block of this page) → cards, bars, tables. What comes from the data becomes text, never markup.

const report = JSON.parse(document.getElementById('report').textContent);
const KINDS = ['documents', 'entities', 'relations', 'events', 'arguments'];
const MOST_LINES = 40; // types of a kind that are shown at first
const names = report.splits.map((split) => split.name);

function colour(split) {
  return `split${names.indexOf(split) % 5}`;
}

function legend() {
  if (names.length < 2) return null;
  return make('p', { class: 'legend' }, names.map((name) => make('span', {}, make('span', { class: `swatch ${colour(name)}` }), name)));
}

function drawOverview() {
  const node = section('overview');
  node.append(make('p', { class: 'soft' }, report.name));
  node.append(make('ul', { class: 'facts long' }, report.facts.map(([name, fact]) => make('li', {}, `${name} `, make('b', {}, fact)))));
  const card = (one) => make('div', { class: 'card' }, make('div', { class: 'soft' }, one.name), make('div', { class: 'big' }, one.value), make('div', { class: 'soft' }, one.note));
  node.append(make('div', { class: 'cards' }, report.cards.map(card)));
  node.append(...report.warnings.map((said) => make('p', { class: 'note' }, said)));
}

function head(...columns) {
  return make('thead', {}, make('tr', {}, columns.map(([name, number]) => make('th', { scope: 'col', class: number ? 'number' : null }, name))));
}

function numberCell(name, value) {
  return make('td', { class: 'number', 'data-name': name }, value);
}

function drawSplits() {
  const kinds = KINDS.filter((kind) => kind === 'documents' || report.splits.some((split) => split.counts[kind]));
  const line = (split) => make(
    'tr',
    {},
    make('td', { class: 'title' }, make('span', { class: `swatch ${colour(split.name)}` }), make('b', {}, split.name), split.cut ? make('div', { class: 'soft' }, split.cut) : null),
    kinds.map((kind) => numberCell(kind, count(split.counts[kind]))),
    numberCell('empty', split.counts.documents ? `${percent(split.empty / split.counts.documents, 1)} %` : ''),
  );
  const columns = [['split'], ...kinds.map((kind) => [kind, true]), ['empty', true]];
  section('splits').append(make('div', { class: 'holder' }, make('table', { class: 'list' }, head(...columns), make('tbody', {}, report.splits.map(line)))));
}

function drawLengths() {
  if (!report.lengths.length) return section('lengths').remove();
  const filled = report.splits.filter((split) => split.counts.documents);
  const share = (bin, split) => (bin.counts[split.name] || 0) / split.counts.documents;
  const highest = Math.max(...report.lengths.flatMap((bin) => filled.map((split) => share(bin, split))));
  const column = (bin) => {
    const says = filled.map((split) => `${split.name} ${plural(bin.counts[split.name] || 0, 'text')}, ${percent(share(bin, split), 1)} %`).join('; ');
    const rods = filled.map((split) => styled(make('div', { class: colour(split.name) }), { height: `${(100 * share(bin, split)) / highest}%` }));
    return make('div', { class: 'column', title: `${bin.name} characters: ${says}` }, make('div', { class: 'well', role: 'img', 'aria-label': `${bin.name} characters: ${says}` }, rods), make('div', { class: 'soft' }, bin.name));
  };
  const columns = filled[0].lengths.map(([name]) => [name, true]);
  const line = (split) => make('tr', {}, make('td', { class: 'title' }, split.name), split.lengths.map(([name, value]) => numberCell(name, count(value))));
  const table = make('table', { class: 'list' }, head(['characters'], ...columns), make('tbody', {}, filled.map(line)));
  section('lengths').append(legend() || '', make('div', { class: 'columns lengths' }, report.lengths.map(column)), make('div', { class: 'holder' }, table));
}

function drawTypes() {
  if (!report.types.length) return section('types').remove();
  const place = make('div');
  const show = (number) => place.replaceChildren(typesTable(report.types[number], MOST_LINES, place));
  if (report.types.length > 1) {
    const options = report.types.map((one, number) => [String(number), `${one.title} (${one.lines.length})`]);
    section('types').append(make('div', { class: 'controls' }, choice('Kind', options, show, '0')));
  }
  section('types').append(legend() || '', place);
  show(0);
}

function typesTable(one, most, place) {
  const highest = Math.max(1, ...one.lines.map((line) => line.total));
  const all = one.lines.reduce((sum, line) => sum + line.total, 0);
  const line = (type) => {
    const parts = names.filter((name) => type.counts[name]);
    const says = parts.map((name) => `${name} ${count(type.counts[name])}`).join(', ') || 'never';
    const bars = parts.map((name) => styled(make('div', { class: colour(name) }), { width: `${(100 * type.counts[name]) / highest}%` }));
    const label = [make('b', {}, type.within ? `${type.within}: ${type.label}` : type.label), type.name ? ` ${type.name}` : ''];
    return make(
      'tr',
      {},
      make('td', { class: 'title type-label' }, label, type.description ? make('div', { class: 'soft' }, type.description) : null),
      numberCell('times', count(type.total)),
      numberCell('share', all ? `${percent(type.total / all, 1)} %` : ''),
      make('td', { class: 'bar-cell', title: says }, make('div', { class: 'stack', role: 'img', 'aria-label': says }, bars)),
      make('td', { class: 'example', 'data-name': 'for example' }, type.example),
    );
  };
  const table = make('table', { class: 'list types-table' }, head(['label'], ['times', true], ['share', true], ['by split'], ['for example']), make('tbody', {}, one.lines.slice(0, most).map(line)));
  const left = one.lines.length - most;
  const more = left > 0 ? make('button', { type: 'button', class: 'button', onclick: () => place.replaceChildren(typesTable(one, Infinity, place)) }, `${plural(left, 'more type')}`) : '';
  return make('div', { class: 'holder' }, table, more);
}

function drawMentions() {
  if (!report.shares.length) return section('mentions').remove();
  const line = (one) => make(
    'div',
    { class: 'share-line' },
    make('span', {}, one.name),
    make('div', { class: 'bar strong', 'aria-hidden': 'true' }, styled(make('div', { class: 'fill' }), { width: `${100 * one.share}%` })),
    make('b', { class: 'number' }, one.value),
    make('span', { class: 'soft' }, one.said),
  );
  section('mentions').append(...report.shares.map(line));
}

function drawTogether() {
  if (!report.together.length) return section('together').remove();
  const place = make('div');
  const show = (number) => place.replaceChildren(heatMap(report.together[number]));
  if (report.together.length > 1) {
    const options = report.together.map((one, number) => [String(number), one.title]);
    section('together').append(make('div', { class: 'controls' }, choice('Kind', options, show, '0')));
  }
  section('together').append(place);
  show(0);
}

function heatMap(one) {
  const corner = make('th', { scope: 'col' }, 'documents with ↓ also have →');
  const top = one.labels.map((label) => make('th', { scope: 'col', title: label }, make('span', {}, label)));
  const lines = one.labels.map((label, row) => make('tr', {}, make('th', { scope: 'row', title: label }, label), one.labels.map((_, column) => heatCell(one, row, column))));
  const table = make('table', { class: 'heat' }, make('thead', {}, make('tr', {}, corner, top)), make('tbody', {}, lines));
  return make('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Types that stand together' }, table);
}

function heatCell(one, row, column) {
  const times = one.documents[row][column];
  const same = row === column;
  if (!times) return make('td', {});
  const share = same ? 0 : times / one.documents[row][row];
  const says = same ? `${plural(times, 'document')} with ${one.labels[row]}` : `${percent(share, 1)} % of those with ${one.labels[row]} have ${one.labels[column]}: ${plural(times, 'document')}`;
  // Two ranges of shades with a gap between: dark ink reads well on the one, light ink on the other.
  const shade = same ? 0 : share > 0.5 ? 0.64 + 0.36 * share : 0.05 + share;
  const classes = [same && 'same', share > 0.5 && 'strong'].filter(Boolean).join(' ');
  return styled(make('td', { class: classes || null, title: says }, make('span', { class: 'cell' }, count(times))), { '--share': shade.toFixed(3) });
}

function drawRepeats() {
  if (!report.repeats.length) return section('repeats').append(make('p', {}, 'None.'));
  for (const one of report.repeats) {
    const first = make('ul', { class: 'places' }, make('li', {}, `the first: ${one.where}`), make('li', {}, `as ${one.same_as}`));
    section('repeats').append(make('p', {}, one.said), first);
  }
}

drawOverview();
drawSplits();
drawLengths();
drawTypes();
drawMentions();
drawTogether();
drawRepeats();
drawContents();
