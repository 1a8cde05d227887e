'use strict';
// Nodes, words and numbers: what the scripts of all our pages use.

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function styled(node, properties) {
  for (const [name, value] of Object.entries(properties)) node.style.setProperty(name, value);
  return node;
}

function section(id) {
  return document.getElementById(id);
}

function choice(label, options, change, chosen = '') {
  const select = make('select', { onchange: (event) => change(event.target.value) });
  for (const [value, said] of options) select.append(make('option', { value, selected: value === chosen }, said));
  return make('label', {}, label, select);
}

function drawContents() {
  const sections = [...document.querySelectorAll('main > section')];
  const line = (one) => make('li', {}, make('a', { href: `#${one.id}` }, one.dataset.name));
  section('contents').append(make('ul', {}, sections.map(line)));
}

// Words and numbers

function percent(share, digits = 2) {
  return (100 * share).toFixed(digits);
}

function count(number) {
  return number.toLocaleString('en', { maximumFractionDigits: 2 });
}

function plural(number, one) {
  return `${count(number)} ${one}${number === 1 ? '' : 's'}`;
}

function unique(values) {
  return [...new Set(values)];
}

