"""A bar chart as SVG: a line for each row, the shortest bar first."""

from xml.sax.saxutils import escape

WIDTH = 860
LABEL = 330  # of it, for the names
ROOM = 400  # for the longest bar; what is left is for its number
ROW = 22
TOP = 46
COLOURS = {"ours": "#2f6f4f", "floor": "#b9b9b9", "theirs": "#6a8fc1"}

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #222 }
  .title { font-size: 15px; font-weight: 600 }
  .sub { fill: #666 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .sub { fill: #999 } }
"""


def bar(i, label, value, kind, longest):
    y = TOP + i * ROW
    length = max(1.0, value / longest * ROOM)
    return (
        f'  <text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>\n'
        f'  <rect x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}" rx="2" fill="{COLOURS[kind]}"/>\n'
        f'  <text x="{LABEL + length + 6:.1f}" y="{y + 14}">{value:.3g}</text>\n'
    )


def draw(title, bars):
    """`bars` are of label, value and kind ("ours", "floor" or "theirs")."""
    bars = sorted(bars, key=lambda it: it[1])
    height = TOP + len(bars) * ROW + 12
    longest = max(value for _, value, _ in bars)
    drawn = "".join(bar(i, *it, longest) for i, it in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(title)}">\n'
        f"  <style>{STYLE}  </style>\n"
        f'  <text class="title" x="12" y="20">{escape(title)}</text>\n'
        '  <text class="sub" x="12" y="37">CPU seconds for a million events; less is better</text>\n'
        f"{drawn}</svg>\n"
    )
