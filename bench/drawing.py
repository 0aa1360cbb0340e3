"""Drawing libraries side by side: the same 24 drawings on one page each, as a report has them.

For each library: bytes of the page, seconds to build it, milliseconds of the page's main thread to
its first drawing and to all of them (median of five openings in Chromium, each with a new profile),
and bytes of the page printed. Needs Chromium and, beside Paceline,
``pip install bokeh vl-convert-python``. The libraries' scripts are those their own Python packages
bring along; nothing is fetched.

    python bench/drawing.py [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import Browser

LINES, BARS, HEATS = 12, 8, 4
POINTS, NAMES = 350, 11
WIDTH, HEIGHT = 640, 290
OPENINGS = 5
#: What every page has: drawings are numbered boxes, and ``done`` counts them.
PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<script>let count = 0;
const few = specs => specs.slice(0, window.LIMIT || specs.length);
const done = () => {{ count += 1; }};</script>
{boxes}{scripts}"""
BOX = f'<div id="d{{}}" style="width:{WIDTH}px;height:{HEIGHT}px"></div>'


def data() -> dict[str, Any]:
    """Three lines of 350 points, eleven bars, and a heat map of eleven rows, numbers rounded."""
    rng = np.random.default_rng(0)
    days = [str(d) for d in np.arange("2024-07-01", POINTS, dtype="datetime64[D]")]

    def walks(rows: int, n: int) -> list[list[float]]:
        return np.cumsum(rng.normal(0, 0.01, (rows, n)), axis=1).round(6).tolist()

    return {
        "days": days,
        "names": [f"Sector {k}" for k in range(NAMES)],
        "lines": [walks(3, POINTS) for _ in range(LINES)],
        "bars": [walks(1, NAMES)[0] for _ in range(BARS)],
        "heats": [walks(NAMES, 60) for _ in range(HEATS)],
    }


def page(title: str, scripts: str, boxes: str | None = None) -> str:
    """The page of a library."""
    count = LINES + BARS + HEATS
    return PAGE.format(
        title=title, scripts=scripts, boxes=boxes or "\n".join(BOX.format(k) for k in range(count))
    )


def plotly_specs(d: dict[str, Any]) -> list[dict[str, Any]]:
    """Drawings for plotly.js."""
    layout = {"width": WIDTH, "height": HEIGHT, "margin": {"l": 50, "r": 10, "t": 10, "b": 40}}
    made = [
        [{"type": "scatter", "mode": "lines", "x": d["days"], "y": y} for y in chart]
        for chart in d["lines"]
    ]
    made += [
        [{"type": "bar", "orientation": "h", "y": d["names"], "x": bars}] for bars in d["bars"]
    ]
    made += [
        [{"type": "heatmap", "x": d["days"][:60], "y": d["names"], "z": z}] for z in d["heats"]
    ]
    return [{"data": traces, "layout": layout} for traces in made]


PLOT = (
    "const specs = {specs}; const draw = () => few(specs).forEach((s, k) => setTimeout(() => "
    "Plotly.newPlot('d' + k, s.data, s.layout, {{displayModeBar: false}}).then(done)));"
)


def plotly(d: dict[str, Any]) -> str:
    """plotly.js whole, as its Python package carries it."""
    from plotly.offline import get_plotlyjs

    plot = PLOT.format(specs=json.dumps(plotly_specs(d)))
    return page("plotly", f"<script>{get_plotlyjs()}</script><script>{plot} draw();</script>")


def packed(d: dict[str, Any]) -> str:
    """The same script compressed within the page; the browser unpacks it."""
    from plotly.offline import get_plotlyjs

    text = base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()
    plot = PLOT.format(specs=json.dumps(plotly_specs(d)))
    load = """
        const text = atob(document.getElementById('js').textContent);
        const bytes = Uint8Array.from(text, c => c.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
        new Response(stream).blob().then(blob => {
          const script = document.createElement('script');
          script.src = URL.createObjectURL(new Blob([blob], {type: 'text/javascript'}));
          script.onload = draw;
          document.head.append(script);
        });"""
    return page(
        "plotly packed",
        f'<script type="text/plain" id="js">{text}</script><script>{plot} {load}</script>',
    )


def bokeh(d: dict[str, Any]) -> str:
    """bokeh.js without widgets and tables."""
    from bokeh.embed import json_item
    from bokeh.models import ColumnDataSource, HoverTool
    from bokeh.plotting import figure
    from bokeh.resources import INLINE
    from bokeh.transform import linear_cmap

    days = np.array(d["days"], dtype="datetime64[ms]")
    made = []
    for chart in d["lines"]:
        drawing = figure(width=WIDTH, height=HEIGHT, x_axis_type="datetime", toolbar_location=None)
        drawing.add_tools(HoverTool(mode="vline"))
        for y in chart:
            drawing.line(days, y)
        made.append(drawing)
    for bars in d["bars"]:
        drawing = figure(width=WIDTH, height=HEIGHT, y_range=d["names"], toolbar_location=None)
        drawing.add_tools(HoverTool())
        drawing.hbar(y=d["names"], right=bars, height=0.8)
        made.append(drawing)
    for z in d["heats"]:
        drawing = figure(width=WIDTH, height=HEIGHT, y_range=d["names"], toolbar_location=None)
        drawing.add_tools(HoverTool())
        cells = [(c, n, z[r][c]) for r, n in enumerate(d["names"]) for c in range(60)]
        x, y, v = (list(k) for k in zip(*cells, strict=True))
        source = ColumnDataSource({"x": x, "y": y, "v": v})
        fill = linear_cmap("v", "Viridis256", min(v), max(v))
        drawing.rect("x", "y", 1, 1, source=source, fill_color=fill, line_color=None)
        made.append(drawing)
    items = [json_item(drawing, f"d{k}") for k, drawing in enumerate(made)]
    script = INLINE.js_raw[0]
    draw = (
        f"const items = {json.dumps(items)}; few(items).forEach("
        "i => setTimeout(() => Bokeh.embed.embed_item(i).then(done)));"
    )
    return page("bokeh", f"<script>{script}</script><script>{draw}</script>")


def vega_specs(d: dict[str, Any]) -> list[dict[str, Any]]:
    """Drawings for Vega-Lite."""
    size = {"width": WIDTH - 80, "height": HEIGHT - 60}
    value = {"field": "v", "type": "quantitative"}
    made: list[dict[str, Any]] = []
    for chart in d["lines"]:
        rows = [
            {"x": x, "v": v, "s": s}
            for s, y in enumerate(chart)
            for x, v in zip(d["days"], y, strict=True)
        ]
        encode = {"x": {"field": "x", "type": "temporal"}, "y": value, "color": {"field": "s"}}
        made.append({"mark": {"type": "line", "tooltip": True}, "data": rows, "encoding": encode})
    for bars in d["bars"]:
        rows = [{"n": n, "v": v} for n, v in zip(d["names"], bars, strict=True)]
        made.append(
            {
                "mark": {"type": "bar", "tooltip": True},
                "data": rows,
                "encoding": {"y": {"field": "n", "type": "nominal"}, "x": value},
            }
        )
    for z in d["heats"]:
        rows = [{"x": c, "n": n, "v": z[r][c]} for r, n in enumerate(d["names"]) for c in range(60)]
        axes = {"x": {"field": "x", "type": "ordinal"}, "y": {"field": "n", "type": "nominal"}}
        made.append(
            {
                "mark": {"type": "rect", "tooltip": True},
                "data": rows,
                "encoding": {**axes, "color": value},
            }
        )
    schema = "https://vega.github.io/schema/vega-lite/v5.json"
    return [{"$schema": schema, **size, **m, "data": {"values": m["data"]}} for m in made]


def vega(d: dict[str, Any]) -> str:
    """Vega, Vega-Lite and vega-embed as vl-convert bundles them."""
    import vl_convert

    script = vl_convert.javascript_bundle("window.embed = vegaEmbed;")
    draw = (
        f"const specs = {json.dumps(vega_specs(d))}; few(specs).forEach((s, k) => "
        "setTimeout(() => embed('#d' + k, s, {actions: false}).then(done)));"
    )
    return page("vega", f"<script type=module>{script}</script><script type=module>{draw}</script>")


def still(d: dict[str, Any]) -> str:
    """SVG drawn while the page is made, by vl-convert; nothing moves on the page."""
    import vl_convert

    drawn = [vl_convert.vegalite_to_svg(s) for s in vega_specs(d)]
    shown = (
        "<script>requestAnimationFrame(() => { for (let k = 0; k < %d; k++) done(); });</script>"
    )
    return page("still", shown % len(drawn), "\n".join(f"<div>{s}</div>" for s in drawn))


MAKERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "plotly": plotly,
    "plotly, compressed": packed,
    "bokeh": bokeh,
    "vega through vl-convert": vega,
    "still SVG through vl-convert": still,
}


def opened(path: Path) -> tuple[float, float]:
    """Milliseconds of processor time in the page's main thread: to the first drawing, to the last.

    Thread time, not wall time: other work on the machine does not count.
    """
    ends = []
    for count in (1, LINES + BARS + HEATS):
        with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as tab:
            tab.send("Performance.enable", timeDomain="threadTicks")
            limit = f"window.LIMIT = {count}"
            tab.send("Page.addScriptToEvaluateOnNewDocument", source=limit)
            tab.open(path)
            tab.until("count >= LIMIT")
            tab.run("new Promise(r => setTimeout(r, 200))")
            got = tab.send("Performance.getMetrics")["metrics"]
            ends.append(1000 * next(m["value"] for m in got if m["name"] == "TaskDuration"))
    return ends[0], ends[1]


def printed(path: Path) -> int:
    """Bytes of the page on paper."""
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as tab:
        tab.open(path)
        tab.until(f"count === {LINES + BARS + HEATS}")
        return len(base64.b64decode(tab.send("Page.printToPDF")["data"]))


def main() -> None:
    """Print one row a library."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, help="folder for the pages")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as place:
        folder = keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        given = data()
        print(f"{'':30}{'page kB':>9}{'build s':>9}{'first ms':>10}{'all ms':>8}{'paper kB':>10}")
        for name, make in MAKERS.items():
            begun = time.perf_counter()
            text = make(given)
            built = time.perf_counter() - begun
            path = folder / f"{name.split(',')[0].replace(' ', '-')}-{len(name)}.html"
            path.write_text(text, "utf-8")
            times = [opened(path) for _ in range(OPENINGS)]
            first, last = (statistics.median(t[k] for t in times) for k in (0, 1))
            print(
                f"{name:30}{len(text.encode()) / 1e3:9.0f}{built:9.1f}{first:10.0f}{last:8.0f}"
                f"{printed(path) / 1e3:10.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
