"""Numbers on their way from a cell into the prose."""

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(value, digits=4):
    """`value` as text with `digits` significant digits: ``0.2500``, ``1234``, ``2.931×10⁻²⁶``, ``0``, ``∞``.

    Integers and booleans are written whole. Powers of ten appear below 10⁻³ and from 10⁶ on.
    """
    if isinstance(value, (bool, int, str)):
        return str(value)
    value = float(value)
    if value == 0:
        return "0"
    if value != value:
        return "not a number"
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    exponent = int(exponent)
    if -3 <= exponent < 6:
        return f"{value:.{max(digits - 1 - exponent, 0)}f}".replace("-", "−")
    return f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPT)}".replace("-", "−")


def number(name, value, digits=3):
    """Hand a number to the prose, which shows it by ``{glue:text}`name` ``.

    The bundle is the one that myst_nb.glue emits, written here so that a lesson runs where only `unrolled` is
    installed. Nothing is shown in the notebook itself.
    """
    from IPython.display import display    # here, because a browser, which has no IPython, uses the rest

    text = significant(value, digits)
    prefix = "application/papermill.record/"
    display({f"{prefix}text/plain": repr(text)}, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": prefix}})


def within(error, limit):
    """Say whether an error of rounding is within `limit`: ``at most 10⁻⁹`` or ``above 10⁻⁹``.

    The digits of such an error differ from machine to machine; whether it is small does not.
    `limit` is a power of ten.
    """
    exponent = f"{limit:e}".split("e")
    if float(exponent[0]) != 1:
        raise ValueError(f"limit must be a power of ten, not {limit}")
    return f"{'at most' if error <= limit else 'above'} 10{str(int(exponent[1])).translate(_SUPERSCRIPT)}"
