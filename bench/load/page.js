'use strict';

// Where figures are written: into bench/README.md, between comments, or into a folder.

const fs = require('node:fs');
const path = require('node:path');

const bench = path.resolve(__dirname, '..');

/** A page that takes the conditions and each figure as soon as it is measured, so that a run that fails later leaves what it had. */
function open({ write, out }) {
  const targets = [...write ? [intoReadme()] : [], ...out ? [intoFolder(path.resolve(out))] : []];
  return {
    conditions: (text) => targets.forEach((target) => target.part('conditions', text)),
    figure(number, text, picture, svg) {
      for (const { part, folder } of targets) {
        part(`figure ${number}`, text);
        fs.mkdirSync(path.dirname(path.join(folder, picture)), { recursive: true });
        fs.writeFileSync(path.join(folder, picture), `${svg}\n`);
      }
    },
  };
}

function intoReadme() {
  const readme = path.join(bench, 'README.md');
  return {
    folder: bench,
    part(name, text) {
      const page = fs.readFileSync(readme, 'utf8');
      const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
      const [from, to] = [page.indexOf(begin), page.indexOf(end)];
      if (from < 0 || to < from) throw new Error(`bench/README.md has no place for ${name}: ${begin} and ${end}.`);
      fs.writeFileSync(readme, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
    },
  };
}

function intoFolder(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const parts = [];
  return {
    folder,
    part(_, text) {
      parts.push(text);
      fs.writeFileSync(path.join(folder, 'figures.md'), `${parts.join('\n\n')}\n`);
    },
  };
}

module.exports = { open };
