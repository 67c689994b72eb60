"""Tables in Markdown."""


def lines_of(head, rows):
    """A table; what ends with a colon in its head is numbers, which are to the right."""
    ruler = ["---:" if name.endswith(":") else "---" for name in head]
    table = [[name.rstrip(":") for name in head], ruler, *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in table)


def shown(value, form, empty=""):
    return empty if value is None else format(value, form)
