'use strict';

// The plots, by Vega-Lite: a figure says what it shows, and Vega-Lite draws it as SVG.

const { median } = require('./statistics');

/** Bars of medians with the lowest and highest of the rounds. Each of `list` is { name, values }. */
function bars(list, { value }) {
  return {
    width: 420,
    height: { step: 32 },
    data: { values: list.map(range) },
    encoding: { y: { field: 'name', type: 'nominal', sort: null, title: null, axis: { labelLimit: 0 } } },
    layer: [
      { mark: 'bar', encoding: { x: { field: 'value', type: 'quantitative', title: value } } },
      { mark: 'rule', encoding: { x: { field: 'low', type: 'quantitative', title: value }, x2: { field: 'high' } } },
    ],
  };
}

/** The same in groups. Each of `list` is { group, name, values }. */
function groupedBars(list, { groups, value }) {
  return {
    width: { step: 30 },
    height: 240,
    data: { values: list.map(range) },
    encoding: {
      x: { field: 'group', type: 'nominal', sort: null, title: groups, axis: { labelAngle: 0 } },
      xOffset: { field: 'name', sort: null },
    },
    layer: [
      {
        mark: 'bar',
        encoding: {
          y: { field: 'value', type: 'quantitative', title: value },
          color: { field: 'name', type: 'nominal', sort: null, title: null, legend: { orient: 'bottom', columns: 1, labelLimit: 0 } },
        },
      },
      { mark: 'rule', encoding: { y: { field: 'low', type: 'quantitative', title: value }, y2: { field: 'high' } } },
    ],
  };
}

function range({ values, ...one }) {
  return { ...one, value: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** Lines over time, one plot below the other. Each of `plots` is { value, points: [[seconds, number]], limit }; the limit is a dashed line. */
function lines(plots, { time }) {
  return {
    vconcat: plots.map(({ value, points, limit }) => ({
      width: 560,
      height: 110,
      data: { values: points.map(([x, y]) => ({ x, y })) },
      layer: [
        {
          mark: 'line',
          encoding: {
            x: { field: 'x', type: 'quantitative', title: time },
            y: { field: 'y', type: 'quantitative', title: value, scale: { zero: true } },
          },
        },
        ...limit === undefined ? [] : [{ mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: limit } } }],
      ],
    })),
  };
}

/** The SVG of a specification of Vega-Lite. */
async function svg(specification) {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new vega.View(vega.parse(vegaLite.compile({ background: 'white', ...specification }).spec), { renderer: 'none' });
  return view.toSVG();
}

module.exports = { bars, groupedBars, lines, svg };
