// What pages do beyond plain HTML: times in the reader's zone, dropped files, the progress of an upload, live logs, charts. Every page works without it.
(() => {
  'use strict';

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

  function localTimes(root) {
    for (const time of root.querySelectorAll('time[datetime]:not([data-local])')) {
      time.dataset.local = zone;
      time.textContent = format.format(new Date(time.dateTime));
    }
  }

  // A field for a file takes dropped files wherever they land in its form.
  function dropping(form) {
    const field = form.querySelector('input[type=file][data-drop], input[type=file][data-preview]');
    if (!field) return;
    const mark = (on) => form.classList.toggle('drop', on);
    form.addEventListener('dragover', (event) => { event.preventDefault(); mark(true); });
    form.addEventListener('dragleave', (event) => { if (!form.contains(event.relatedTarget)) mark(false); });
    form.addEventListener('drop', (event) => {
      event.preventDefault();
      mark(false);
      if (event.dataTransfer.files.length === 0) return;
      const target = event.target.closest('input[type=file]') ?? field;
      const files = new DataTransfer();
      files.items.add(event.dataTransfer.files[0]);
      target.files = files.files;
      target.dispatchEvent(new Event('change', { bubbles: true }));
    });
    field.addEventListener('change', () => {
      const preview = document.getElementById(field.dataset.preview);
      if (!preview) return;
      preview.hidden = field.files.length === 0;
      if (field.files.length > 0) preview.src = URL.createObjectURL(field.files[0]);
    });
  }

  // The same request that the form makes, with its progress shown. What is refused is a page with the form and the reason.
  function uploading(form) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const [progress, button] = [form.querySelector('progress'), form.querySelector('button')];
      const request = new XMLHttpRequest();
      request.open('POST', form.action);
      request.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
      request.responseType = 'document';
      request.upload.onprogress = (state) => {
        progress.hidden = false;
        if (state.lengthComputable && state.loaded < state.total) progress.value = state.loaded / state.total;
        else progress.removeAttribute('value');
      };
      const ended = (sentence) => {
        button.disabled = false;
        progress.hidden = true;
        let problem = document.getElementById('problem');
        if (!problem) {
          problem = document.createElement('p');
          problem.id = 'problem';
          problem.className = 'error';
          problem.setAttribute('role', 'alert');
          form.before(problem);
        }
        problem.textContent = sentence;
        problem.scrollIntoView({ block: 'nearest' });
      };
      request.onload = () => {
        if (request.status === 201) location.assign(request.getResponseHeader('Location'));
        else ended(request.response?.querySelector('.error')?.textContent ?? `The server answered ${request.status}.`);
      };
      request.onerror = () => ended('The connection broke off. Nothing was published; send it again.');
      button.disabled = true;
      request.send(new FormData(form));
    });
  }

  // Server-sent events from the line on that the page has.
  function liveLog(log) {
    const address = log.dataset.log;
    if (!address) return;
    const stream = new EventSource(`${address}?after=${log.dataset.last}`);
    stream.onmessage = (event) => {
      const line = JSON.parse(event.data);
      const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
      const text = document.createElement('span');
      text.className = line.s;
      text.textContent = `${line.m}\n`;
      log.append(text);
      if (atEnd) log.scrollTop = log.scrollHeight;
    };
    stream.addEventListener('end', () => stream.close());
  }

  const colours = ['#3d8fd1', '#d96f1e', '#3a9c56', '#d9545a', '#9a77d0', '#ab7563', '#d065ae', '#2aa5b5'];

  function chart(place) {
    const lines = JSON.parse(place.dataset.chart);
    let by = 'steps';
    let plot;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';

    function draw() {
      plot?.destroy();
      const data = uPlot.join(lines.map((line) => {
        // A line is drawn from left to right; of values at one place the last stays.
        const at = new Map(line[by].map((x, i) => [x, line.values[i]]));
        const xs = [...at.keys()].sort((a, b) => a - b);
        return [xs, xs.map((x) => at.get(x))];
      }));
      const text = getComputedStyle(document.body).color;
      const axis = { stroke: text, grid: { stroke: 'rgba(128,128,128,.25)' }, ticks: { stroke: 'rgba(128,128,128,.5)' } };
      plot = new uPlot({
        width: place.clientWidth,
        height: 260,
        scales: { x: { time: by === 'times' } },
        axes: [axis, { ...axis, size: 70 }],
        series: [{ label: by === 'times' ? 'time' : 'step' }, ...lines.map((line, i) => ({ label: line.name, stroke: colours[i % colours.length], width: 2, spanGaps: true }))],
      }, data, place);
      button.textContent = by === 'times' ? 'Show by step' : 'Show by time';
    }

    button.addEventListener('click', () => { by = by === 'times' ? 'steps' : 'times'; draw(); });
    draw();
    place.before(button);
    addEventListener('resize', () => plot.setSize({ width: place.clientWidth, height: 260 }));
  }

  document.addEventListener('DOMContentLoaded', () => {
    localTimes(document);
    document.querySelectorAll('form[enctype]').forEach(dropping);
    document.querySelectorAll('form[data-upload]').forEach(uploading);
    document.querySelectorAll('[data-log]').forEach(liveLog);
    document.querySelectorAll('[data-chart]').forEach(chart);
  });
  document.addEventListener('htmx:afterSettle', () => localTimes(document));
})();
