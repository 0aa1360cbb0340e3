"use strict";
// The page's own script: draws charts when they come into view, all of them before printing, and opens cards.
const paceline = (() => {
  const PRINT_WIDTH = 690; // CSS pixels that fit A4 and Letter within the page's margins
  const PRINT_HALF = 338; // for two charts side by side
  const PRINT_HEIGHT = 760; // CSS pixels that fit below the heading of a section
  const CONFIG = { displayModeBar: false, responsive: false, showTips: false };
  const once = make => { let made; return () => (made ??= make()); };
  const data = {}; // what lies in the page compressed, once it is unpacked
  const specs = () => data.charts, cards = () => data.cards;
  // The inks of drawings on a dark page: text, quiet text, rules, paper, and the one line colour that is lost on it.
  const DARK = new Map([["#22262b", "#e8e6e1"], ["#6b7178", "#a2a8ae"], ["#e4e2dd", "#34383d"], ["#fff", "#1e2125"],
    ["#ffffff", "#16181b"], ["#5a5a5a", "#a8a8a8"]]);
  const night = matchMedia("screen and (prefers-color-scheme: dark)");
  let printing = false;
  const plots = () => [...document.querySelectorAll("[data-chart]")];

  // -- charts ------------------------------------------------------------------------------------------------
  // Drawings, cards and library lie in the page compressed; the page is there to be read while they are unpacked.
  function unpacked(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), letter => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  }
  const library = once(async () => {
    const text = await unpacked("drawing-library").blob();
    const script = document.createElement("script");
    script.src = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    await new Promise((loaded, failed) => {
      Object.assign(script, { onload: loaded, onerror: failed });
      document.head.append(script);
    });
    URL.revokeObjectURL(script.src);
  });
  // A document that is still being written holds back the page's own load event, for which programs that print wait.
  function waiting() {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    frame.contentDocument.open();
    return () => { frame.contentDocument.close(); frame.remove(); };
  }
  function undrawn() {
    for (const plot of plots()) plot.textContent = "Not drawn: this browser cannot unpack the drawings. The numbers stand in the tables.";
  }
  function draw(plot, width) {
    if (!window.Plotly) return;
    const dark = night.matches && !printing;
    width ||= plot.clientWidth;
    if (!width || (plot.drawnWidth === width && plot.drawnDark === dark)) return;
    const ink = (_, value) => (dark && DARK.get(value)) || value;
    const { layout, data } = JSON.parse(JSON.stringify(specs()[plot.dataset.chart], ink));
    layout.width = width;
    if (printing) smaller(layout, data);
    layout.dragmode = false;
    if (width < 480 && !printing) narrow(layout, data);
    room(data, layout, width);
    plot.style.height = `${layout.height}px`;
    Plotly.react(plot, data, layout, CONFIG);
    Object.assign(plot, { drawnWidth: width, drawnDark: dark });
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
    layout.height = Math.round(layout.height * (layout.height > 420 ? 0.55 : 0.44)); // many names need their room
    const named = layout.yaxis.dtick === 1 ? [...new Set(data.flatMap(trace => trace.y).filter(Boolean))] : [];
    const lines = Math.max(1, ...named.map(name => name.split("<br>").length));
    layout.height = Math.max(layout.height, 24 + named.length * (11 * lines + 3)); // every name has its lines
    if (layout.height > PRINT_HEIGHT) { // many names: each on one line, so that the chart is no higher than the paper
      layout.height = PRINT_HEIGHT;
      if (named.length * 10 > PRINT_HEIGHT) delete layout.yaxis.dtick; // or they would lie upon each other
      font.size = 8;
      const line = name => typeof name === "string" ? name.replaceAll("<br>", " ") : name;
      for (const trace of data) trace.y = trace.y.map(line);
      if (layout.yaxis.categoryarray) layout.yaxis.categoryarray = layout.yaxis.categoryarray.map(line);
    }
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
  const drawAll = () => plots().filter(plot => !plot.closest(".further")).forEach(plot => draw(plot, plot.closest(".several .chart:not(.wide)") ? PRINT_HALF : PRINT_WIDTH));
  const forPaper = () => {
    if (printing) return;
    printing = true;
    document.querySelectorAll("details:not(.further)").forEach(d => { d.wasOpen = d.open; d.open = true; });
    drawAll();
  };
  const forScreen = () => {
    printing = false;
    document.querySelectorAll("details:not(.further)").forEach(d => { d.open = Boolean(d.wasOpen); });
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
      ...card, id, end, source: all.source, market: all.market, as_of: card.as_of || all.as_of, text: card.text.replace("\u2212", "-"),
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

  // -- pictures and data to save, sentences to copy -------------------------------------------------------------
  const SAVED = { width: 900, scale: 2, pad: 24 }; // the picture's drawing in CSS pixels
  const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/; // as doors.neutral: what a spreadsheet would run
  const slug = text => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  const plain = text => new DOMParser().parseFromString(String(text).replaceAll("<br>", " "), "text/html").documentElement.textContent;
  const fileName = (spec, end) => `${slug(cards().market) || "market"}-${cards().as_of}-${slug(plain(spec.title)) || "chart"}.${end}`;

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
  function cell(value) {
    let text = value === null || value === undefined ? "" : String(value);
    const number = typeof value === "number" || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    if (FORMULA.test(text) && !number) text = "'" + text;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  // The points of a drawing, one row each: [series, x, value, low, high, figure].
  function points(spec) {
    const rows = [];
    for (const trace of spec.data) {
      const meta = trace.meta || {};
      if (trace.type === "heatmap") {
        trace.z.forEach((line, i) => line.forEach((value, k) => rows.push([plain(trace.y[i]), trace.x[k], value, null, null, meta.figures[i]])));
        continue;
      }
      if (!meta.figure && !meta.figures) continue; // lines over intervals: their ends stand with the values
      const names = trace.orientation === "h" || (meta.figures && typeof trace.y[0] === "string") ? trace.y : trace.x;
      const values = names === trace.y ? trace.x : trace.y;
      names.forEach((name, i) => {
        const x = typeof name === "string" ? plain(name) : name, [low, high] = trace.customdata?.[i] || [null, null];
        rows.push(meta.figures ? [x, null, values[i], low, high, meta.figures[i]] : [plain(trace.name), x, values[i], low, high, meta.figure]);
      });
    }
    return rows;
  }
  function csv(spec) {
    const all = cards(), lines = [["series", "x", "value", "low", "high", "unit", "figure", "basis", "market", "as_of", "source", "simulated", "points"]];
    for (const [name, x, value, low, high, id] of points(spec)) {
      const basis = all.figures[id]?.basis || "";
      lines.push([name, x, value, low, high, spec.unit, id, basis, all.market, all.as_of, all.source, all.simulated, spec.points]);
    }
    return lines.map(line => line.map(cell).join(",") + "\n").join("");
  }
  function wrapped(pen, text, width) {
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (lines.at(-1) && pen.measureText(longer).width > width) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }
  // Title, key, drawing and source on one white canvas, so that the picture speaks for itself.
  async function picture(spec, key) {
    const { width, scale, pad } = SAVED;
    await library();
    const layout = structuredClone(spec.layout), data = structuredClone(spec.data);
    Object.assign(layout, { width, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" });
    room(data, layout, width);
    const image = new Image();
    image.src = await Plotly.toImage({ data, layout, config: CONFIG }, { format: "png", width, height: layout.height, scale });
    await image.decode();
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    const family = layout.font.family, title = `600 17px ${family}`, small = `12px ${family}`;
    pen.font = title;
    const heads = wrapped(pen, plain(spec.title), width);
    pen.font = small;
    const feet = wrapped(pen, plain(spec.credit), width);
    const marks = [];
    let x = 0, row = 0;
    for (const one of key) {
      const wide = 26 + pen.measureText(one.text).width + 18;
      if (x && x + wide > width) { x = 0; row += 1; }
      marks.push({ ...one, x, row });
      x += wide;
    }
    const keyed = marks.length ? (row + 1) * 18 + 8 : 0, above = pad + heads.length * 23 + 4 + keyed;
    const height = above + layout.height + 10 + feet.length * 16 + pad;
    canvas.width = (width + 2 * pad) * scale;
    canvas.height = height * scale;
    pen.scale(scale, scale);
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, width + 2 * pad, height);
    const write = (font, ink, lines, top, step) => {
      Object.assign(pen, { font, fillStyle: ink, textBaseline: "top" });
      lines.forEach((line, i) => pen.fillText(line, pad, top + i * step));
    };
    write(title, "#22262b", heads, pad, 23);
    Object.assign(pen, { font: small, textBaseline: "middle", lineWidth: 3 });
    for (const mark of marks) {
      const y = pad + heads.length * 23 + 4 + mark.row * 18 + 9;
      pen.strokeStyle = mark.ink;
      pen.setLineDash({ dashed: [6, 3], dotted: [2, 3] }[mark.dash] || []);
      pen.beginPath();
      pen.moveTo(pad + mark.x, y);
      pen.lineTo(pad + mark.x + 20, y);
      pen.stroke();
      pen.fillStyle = "#22262b";
      pen.fillText(mark.text, pad + mark.x + 26, y);
    }
    pen.drawImage(image, pad, above, width, layout.height);
    write(small, "#636970", feet, above + layout.height + 10, 16);
    if (cards().simulated) stamp(pen, width + 2 * pad, height, family);
    return new Promise(done => canvas.toBlob(done, "image/png"));
  }
  // As on paper: whoever cuts the source off still sees that nothing of it is real.
  function stamp(pen, width, height, family) {
    pen.save();
    pen.translate(width / 2, height / 2);
    pen.rotate(-Math.PI / 9);
    Object.assign(pen, { font: `700 ${Math.round(width / 8)}px ${family}`, fillStyle: "rgb(138 90 0 / .09)", textAlign: "center", textBaseline: "middle" });
    pen.fillText("SIMULATED", 0, 0);
    pen.restore();
  }
  const keyOf = chart => [...chart.querySelectorAll("figcaption .key li")].map(item => ({
    text: `${item.querySelector("span").textContent} ${item.querySelector("[data-figure]").textContent}`,
    ink: item.querySelector("i").style.borderColor,
    dash: item.querySelector("i").style.borderStyle,
  }));
  async function saved(button) {
    const chart = button.closest(".chart"), spec = specs()[chart.querySelector("[data-chart]").dataset.chart];
    const kept = button.textContent;
    try {
      if (button.dataset.save === "csv") save(new Blob([csv(spec)], { type: "text/csv;charset=utf-8" }), fileName(spec, "csv"));
      else save(await picture(spec, keyOf(chart)), fileName(spec, "png"));
    } catch {
      button.textContent = "Not saved";
      setTimeout(() => { button.textContent = kept; }, 2400);
    }
  }
  // Page one as it stands on a desktop, whatever the screen: laid out in a frame of that width, then drawn on a canvas.
  const SHEET = { width: 1264, scale: 2, pad: 24 };
  async function pageOne() {
    const { width, scale, pad } = SHEET, frame = document.createElement("iframe");
    const rules = [...document.styleSheets[0].cssRules].filter(rule => !/dark|print/.test(rule.conditionText ?? ""));
    const parts = [...document.querySelectorAll(".ribbon, .masthead, .first")].map(part => part.cloneNode(true));
    parts.forEach(part => part.querySelectorAll("button, .hint").forEach(one => one.remove()));
    const credit = document.createElement("p");
    credit.className = "credit";
    credit.textContent = creditOf([...document.querySelectorAll("#page-one-returns ~ table [data-figure]")].map(f => f.dataset.figure));
    frame.style.cssText = `position: fixed; visibility: hidden; width: ${width}px; height: 10px`;
    document.body.append(frame);
    try {
      const inside = frame.contentDocument, style = inside.createElement("style");
      style.textContent = `${rules.map(rule => rule.cssText).join("\n")}\nbody { padding: 0 ${pad}px ${pad}px; }`;
      inside.head.append(style);
      inside.body.append(...parts, credit);
      const height = Math.ceil(inside.body.getBoundingClientRect().height), image = new Image();
      const page = new XMLSerializer().serializeToString(inside.documentElement);
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%">${page}</foreignObject></svg>`);
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale }), pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, width, height);
      pen.drawImage(image, 0, 0, width, height);
      if (cards().simulated) stamp(pen, width, height, getComputedStyle(document.body).fontFamily);
      return await new Promise((done, failed) => canvas.toBlob(blob => (blob ? done(blob) : failed()), "image/png"));
    } finally {
      frame.remove();
    }
  }
  async function savedPage(button) {
    const kept = button.textContent;
    try {
      save(await pageOne(), fileName({ title: "page one" }, "png"));
    } catch {
      button.textContent = "Not saved: this browser draws no pages";
      setTimeout(() => { button.textContent = kept; }, 2400);
    }
  }
  async function quote(button) {
    const at = [...document.querySelectorAll("[data-quote]")].indexOf(button), kept = button.textContent;
    button.textContent = (await copy(cards().quotes[at], document.body)) ? "Copied" : "Select and copy by hand";
    setTimeout(() => { button.textContent = kept; }, 1600);
  }
  // Where figures come from, with their basis.
  function creditOf(ids) {
    const bases = [...new Set(ids.map(id => cards().figures[id]?.basis).filter(Boolean))].map(b => `${b} return`);
    return cards().credit.replace("{basis}", bases.length ? `, ${bases.join(" and ")} basis` : "");
  }
  // A selection that holds a figure of a sentence takes the source along; cells of tables stay bare.
  function credited(event) {
    const chosen = document.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) return;
    const inside = [...document.querySelectorAll(".headline p, .answer, .more")].filter(p => chosen.containsNode(p, true));
    const ids = inside.flatMap(p => [...p.querySelectorAll("[data-figure]")].filter(f => chosen.containsNode(f, true)).map(f => f.dataset.figure));
    if (!ids.length) return;
    event.clipboardData.setData("text/plain", `${chosen.toString().trim()}\n${creditOf(ids)}`);
    event.preventDefault();
  }

  // -- keys: a table, and the key of a chart, is one stop of the tab key; arrows move within it -------------------
  const TOGETHER = "table, .key";
  function neighbour(figure, key) {
    const group = figure.closest(TOGETHER), along = { ArrowLeft: -1, ArrowRight: 1 }[key], across = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (!group || !(along || across)) return null;
    const seen = [...group.querySelectorAll("[data-figure]")].filter(one => one.offsetParent);
    if (along || !figure.closest("tr")) return seen[seen.indexOf(figure) + (along || across)];
    // counted from the right: a first cell may span several rows
    const column = one => { const cell = one.closest("th, td"); return cell.parentElement.cells.length - cell.cellIndex; };
    const same = seen.filter(one => column(one) === column(figure));
    return same[same.indexOf(figure) + across];
  }

  // -- start -------------------------------------------------------------------------------------------------
  async function start() {
    const loaded = waiting();
    try {
      [data.cards, data.charts] = await Promise.all(["card-data", "chart-data"].map(id => unpacked(id).json()));
      attach();
      await library();
      watch();
    } catch (error) {
      console.error(error);
      undrawn();
    } finally {
      loaded();
    }
  }
  function attach() {
    const dialog = document.getElementById("card");
    for (const figure of document.querySelectorAll("[data-figure]")) {
      figure.tabIndex = figure.closest(TOGETHER)?.querySelector("[data-figure]") === figure || !figure.closest(TOGETHER) ? 0 : -1;
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
      if (!figure) return;
      const opens = event.key === "Enter" || event.key === " ", next = opens ? null : neighbour(figure, event.key);
      if (opens || next) event.preventDefault();
      if (opens) open(figure.dataset.figure, figure);
      next?.focus();
    });
    document.addEventListener("focusin", event => {
      const figure = event.target.closest("[data-figure]"), others = figure?.closest(TOGETHER);
      if (others) for (const one of others.querySelectorAll("[data-figure]")) one.tabIndex = one === figure ? 0 : -1;
    });
    if (document.body.classList.contains("whole")) document.querySelectorAll("[data-all]").forEach(b => b.remove());
    for (const button of document.querySelectorAll("[data-all]")) {
      const table = button.closest(".table");
      table.classList.add("folded");
      button.hidden = false;
      button.onclick = () => { table.classList.remove("folded"); button.remove(); };
    }
    for (const group of document.querySelectorAll(".save")) group.hidden = false;
    for (const button of document.querySelectorAll("[data-save]")) button.onclick = () => saved(button);
    for (const button of document.querySelectorAll("[data-page]")) {
      button.hidden = false;
      button.onclick = () => savedPage(button);
    }
    for (const button of document.querySelectorAll("[data-quote]")) {
      button.hidden = false;
      button.onclick = () => quote(button);
    }
    document.addEventListener("copy", credited);
    dialog.addEventListener("close", () => opener?.focus?.({ preventScroll: true }));

    window.addEventListener("beforeprint", forPaper);
    window.addEventListener("afterprint", forScreen);
    if (matchMedia("print").matches) forPaper();
    matchMedia("print").addEventListener("change", event => (event.matches ? forPaper() : forScreen()));

    const links = new Map([...document.querySelectorAll(".contents a")].map(a => [a.hash.slice(1), a]));
    const here = new IntersectionObserver(entries => {
      for (const entry of entries) if (entry.isIntersecting) {
        links.forEach(a => a.removeAttribute("aria-current"));
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-15% 0px -75% 0px" });
    document.querySelectorAll(".part").forEach(section => here.observe(section));
  }
  function watch() {
    const seen = new IntersectionObserver(entries => {
      for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
    }, { rootMargin: "400px 0px" });
    plots().forEach(plot => seen.observe(plot));
    const sized = new ResizeObserver(entries => {
      for (const entry of entries) if (entry.target.drawnWidth && !printing) draw(entry.target);
    });
    plots().forEach(plot => sized.observe(plot));
    night.addEventListener("change", () => plots().filter(plot => plot.drawnWidth && !printing).forEach(plot => draw(plot)));
    if (printing) drawAll();
  }
  return { start, specs };
})();
