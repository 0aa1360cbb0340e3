"use strict";
// The page's own script: draws charts when they come into view, all of them before printing, and opens cards.
const paceline = (() => {
  const PRINT_WIDTH = 680; // CSS pixels that fit A4 and Letter within the page's margins
  const PRINT_HALF = 330; // for two charts side by side
  const CONFIG = { displayModeBar: false, responsive: false, showTips: false };
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const once = make => { let made; return () => (made ??= make()); };
  const specs = once(() => read("chart-data"));
  const cards = once(() => read("card-data"));
  let printing = false;
  const plots = () => [...document.querySelectorAll("[data-chart]")];

  // -- charts ------------------------------------------------------------------------------------------------
  function draw(plot, width) {
    const spec = specs()[plot.dataset.chart];
    width ||= plot.clientWidth;
    if (!width || plot.drawnWidth === width) return;
    const layout = structuredClone(spec.layout), data = structuredClone(spec.data);
    layout.width = width;
    if (printing) smaller(layout, data);
    layout.dragmode = false;
    if (width < 480 && !printing) narrow(layout, data);
    room(data, layout, width);
    plot.style.height = `${layout.height}px`;
    Plotly.react(plot, data, layout, CONFIG);
    plot.drawnWidth = width;
    for (const svg of plot.querySelectorAll(".main-svg")) svg.setAttribute("viewBox", `0 0 ${width} ${layout.height}`);
    if (!plot.opens) {
      plot.opens = true;
      plot.on("plotly_click", event => {
        const point = event.points[0], meta = point.data.meta || {};
        const id = meta.figure || (meta.figures || [])[[point.pointNumber].flat()[0]];
        if (id) open(id, plot);
      });
    }
  }
  function smaller(layout, data) {
    const font = { size: 9 };
    layout.height = Math.round(layout.height * 0.7);
    layout.font = { ...layout.font, ...font };
    for (const name of ["xaxis", "yaxis"]) {
      const axis = layout[name];
      axis.tickfont = { ...axis.tickfont, ...font };
      if (axis.title) axis.title.font = { ...axis.title.font, ...font };
    }
    for (const trace of data) {
      if (trace.textfont) trace.textfont = { ...trace.textfont, ...font };
      if (trace.colorbar) trace.colorbar.tickfont = { ...trace.colorbar.tickfont, ...font };
      if (trace.line?.width > 1) trace.line.width *= 0.75;
    }
  }
  function narrow(layout, data) {
    layout.margin = { ...layout.margin, l: 4, r: 10 };
    for (const name of ["xaxis", "yaxis"]) {
      const axis = layout[name];
      axis.tickfont = { ...axis.tickfont, size: 11 };
      if (axis.tickvals) {
        const few = (_, i) => i % 3 === 0;
        axis.tickvals = axis.tickvals.filter(few);
        axis.ticktext = axis.ticktext.filter(few);
      } else if (axis.type !== "category") axis.nticks = 5;
    }
    for (const trace of data) {
      if (trace.mode?.includes("text")) trace.mode = "lines+markers"; // the key above names them
      if (trace.type === "bar" && trace.orientation === "v" && trace.x.length > 6) trace.textposition = "none";
    }
  }
  // Lying bars with numbers at their ends: room for the numbers inside the drawing, whatever its width.
  function room(data, layout, width) {
    const bars = data.filter(trace => trace.orientation === "h" && trace.text);
    if (!bars.length) return;
    const x = bars.flatMap(trace => trace.x), ends = [Math.min(0, ...x), Math.max(0, ...x)];
    const sides = ends.filter(end => end !== 0).length, number = 52;
    if (!sides) return;
    const names = Math.max(...bars[0].y.flatMap(name => name.split("<br>")).map(line => line.length)) * 6.6 + 24;
    const inner = Math.max(width - names - sides * number, 60);
    const more = ((ends[1] - ends[0]) / inner) * number;
    layout.xaxis.range = [ends[0] && ends[0] - more, ends[1] && ends[1] + more];
  }
  const drawAll = () => plots().forEach(plot => draw(plot, plot.closest(".several .chart:not(.wide)") ? PRINT_HALF : PRINT_WIDTH));
  const forPaper = () => {
    if (printing) return;
    printing = true;
    document.querySelectorAll("details").forEach(d => { d.wasOpen = d.open; d.open = true; });
    drawAll();
  };
  const forScreen = () => {
    printing = false;
    document.querySelectorAll("details").forEach(d => { d.open = Boolean(d.wasOpen); });
    plots().filter(plot => plot.drawnWidth).forEach(plot => draw(plot));
  };

  // -- cards -------------------------------------------------------------------------------------------------
  let opener = null;
  const part = name => document.querySelector("#card .card-" + name);
  const fill = (name, text) => { const p = part(name); p.textContent = text || ""; p.hidden = !text; };
  const command = id => `paceline trace ${id} ${document.body.dataset.where}`.trim();

  function open(id, from) {
    const all = cards(), card = all.figures[id];
    if (!card) return;
    const dialog = document.getElementById("card"), about = all.measures[card.measure] || {};
    opener = from;
    fill("measure", [card.measure.replaceAll("_", " "), card.statistic].filter(Boolean).join(", "));
    fill("name", card.name);
    fill("value", card.text);
    fill("definition", about.definition || about.question);
    const facts = part("facts");
    facts.replaceChildren();
    const fact = (name, text) => {
      if (!text) return;
      const row = document.createElement("div"), dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = name;
      dd.textContent = text;
      row.append(dt, dd);
      facts.append(row);
    };
    const end = card.end || all.as_of;
    fact("Window", card.start && card.start !== end ? `${card.start} to ${end}` : end);
    fact("Basis", card.basis && `${card.basis} return`);
    fact("Coverage", card.eligible && `${card.used} of ${card.eligible} members have data`);
    for (const [name, text] of Object.entries(card.evidence || {})) fact(name[0].toUpperCase() + name.slice(1), text);
    for (const [name, text] of Object.entries(card.more || {})) fact(name[0].toUpperCase() + name.slice(1), text);
    fact("Exact value", card.value === undefined ? "" : String(card.value));
    fact("Lineage", id);
    fact("Command", command(id));
    fill("never", about.never ? `Not to be said from it: ${about.never}` : "");
    fill("references", (about.references || []).join("; "));
    part("caveats").replaceChildren(...(card.caveats || []).map(n => {
      const item = document.createElement("li");
      item.textContent = all.caveats[n];
      return item;
    }));
    const said = {
      ...card, id, end, source: all.source, as_of: card.as_of || all.as_of, text: card.text.replace("\u2212", "-"),
      what: `${card.measure.replaceAll("_", " ")} ${card.statistic || ""}`.trim(),
    };
    const sentence = all.sentences[card.copy].replace(/{(\w+)}/g, (_, key) => said[key]);
    fill("copy", sentence);
    const texts = { copy: sentence, command: command(id) };
    for (const button of dialog.querySelectorAll("[data-copy]")) {
      const kept = (button.dataset.text ||= button.textContent);
      button.textContent = kept;
      button.onclick = async () => {
        button.textContent = (await copy(texts[button.dataset.copy], dialog)) ? "Copied" : "Select and copy by hand";
        setTimeout(() => { button.textContent = kept; }, 1600);
      };
    }
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }
  async function copy(text, dialog) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea"); // pages opened from a file may lack the clipboard
      area.value = text;
      dialog.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  // -- start -------------------------------------------------------------------------------------------------
  function start() {
    const dialog = document.getElementById("card");
    for (const figure of document.querySelectorAll("[data-figure]")) {
      figure.tabIndex = 0;
      figure.setAttribute("role", "button");
      figure.setAttribute("aria-haspopup", "dialog");
    }
    document.addEventListener("click", event => {
      const figure = event.target.closest("[data-figure]");
      if (figure) open(figure.dataset.figure, figure);
      else if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
    document.addEventListener("keydown", event => {
      const figure = event.target.closest?.("[data-figure]");
      if (figure && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        open(figure.dataset.figure, figure);
      }
    });
    for (const button of document.querySelectorAll("[data-all]")) {
      const table = button.closest(".table");
      table.classList.add("folded");
      button.hidden = false;
      button.onclick = () => { table.classList.remove("folded"); button.remove(); };
    }
    dialog.addEventListener("close", () => opener?.focus?.({ preventScroll: true }));

    window.addEventListener("beforeprint", forPaper);
    window.addEventListener("afterprint", forScreen);
    if (matchMedia("print").matches) forPaper();
    matchMedia("print").addEventListener("change", event => (event.matches ? forPaper() : forScreen()));

    const seen = new IntersectionObserver(entries => {
      for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
    }, { rootMargin: "400px 0px" });
    plots().forEach(plot => seen.observe(plot));

    const sized = new ResizeObserver(entries => {
      for (const entry of entries) if (entry.target.drawnWidth && !printing) draw(entry.target);
    });
    plots().forEach(plot => sized.observe(plot));

    const links = new Map([...document.querySelectorAll(".contents a")].map(a => [a.hash.slice(1), a]));
    const here = new IntersectionObserver(entries => {
      for (const entry of entries) if (entry.isIntersecting) {
        links.forEach(a => a.removeAttribute("aria-current"));
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-15% 0px -75% 0px" });
    document.querySelectorAll(".part").forEach(section => here.observe(section));
  }
  return { start };
})();
