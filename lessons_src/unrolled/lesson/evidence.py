"""Evidence in a trial: one sentence of what was tried, what was measured, and whether it held."""

import re
from html import escape

from IPython.display import display

from unrolled.experiments.statistics import wilson
from unrolled.lesson.numbers import significant

MIME = "application/vnd.unrolled.evidence+json"
KINDS = ("run", "derivation", "citation")
READINGS = {
    "literal": "the claim, taken at its word",
    "repair": "the claim, made precise",
    "correction": "what is true instead",
    "answer": "our answer",
    "first": "one reading of the claim",
    "second": "the other reading",
}
_OUTCOME = {True: "holds here", False: "fails here", None: "has no meaning"}


def evidence(claim, kind, reading, *, condition, predicate, holds, value=None, counts=None, seeds=None, interval=None, source=None):
    """Record one piece of evidence for or against a claim, and show it.

    claim: the claim's id, as in the ledger (``"C030"``).
    kind: ``"run"`` (something was simulated or trained), ``"derivation"`` (an identity or inequality was evaluated),
        or ``"citation"`` (definitions and history; needs `source`).
    reading: which sentence is tested: one of `READINGS`. The verdict follows from the readings by rule.
    condition: the named condition under which it was tried.
    predicate: the sentence that was tested, in words or symbols.
    holds: whether the predicate held: computed, never typed in; None where the sentence has no meaning.
    value: what was measured; a number is shown with three significant digits.
    counts: (successes, trials) of a run repeated over seeds. It is shown after `value`, with Wilson's 95 % interval.
    seeds, interval: the same for a run whose result is no count: how many seeds, and the interval as text.

    Raises ValueError for an unknown kind or reading, an outcome that is not a truth value, a citation without source,
    or nothing measured.
    """
    if value is None and counts is None:
        raise ValueError(f"evidence for {claim}: needs a value, counts or both, got neither")
    if counts is not None:
        if seeds is not None or interval is not None:
            raise ValueError(f"evidence for {claim}: counts bring their own seeds and interval; leave these two out")
        successes, seeds = (int(count) for count in counts)
        low, high = wilson(successes, seeds)
        interval = f"95 % interval of the rate {low:.2f} to {high:.2f}"
        value = f"{significant(value, 3)}; {successes} of {seeds}" if value is not None else f"{successes} of {seeds}"
    if kind not in KINDS:
        raise ValueError(f"evidence for {claim}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if reading not in READINGS:
        raise ValueError(f"evidence for {claim}: reading must be one of {', '.join(READINGS)}, not {reading!r}")
    if holds is not None:
        if getattr(holds, "shape", ()) != () or holds not in (True, False):
            raise ValueError(f"evidence for {claim}: holds must be True, False or None, not {holds!r}")
        holds = bool(holds)
    if kind == "citation" and not source:
        raise ValueError(f"evidence for {claim}: a citation needs its source")
    record = {
        "claim": claim, "kind": kind, "reading": reading, "condition": condition, "predicate": predicate,
        "value": significant(value, 3), "holds": holds, "seeds": seeds, "interval": interval, "source": source,
    }  # fmt: skip
    measured = record["value"] + (f" ({interval})" if interval else "") + (f", {seeds} seeds" if seeds else "")
    text = f"{claim} | {READINGS[reading]} | {condition} | {predicate} | {measured} | {_OUTCOME[holds]}"
    display({"text/plain": text, "text/html": _html(record, measured), MIME: record}, raw=True)


def _html(record, measured):
    measured = re.sub(r"(?<=\d) (?=%|of \d)|(?<=\d of) (?=\d)", "\u00a0", escape(measured))    # no line ends within a rate
    outcome = _OUTCOME[record["holds"]]
    mark = {True: "✓", False: "✗", None: "∅"}[record["holds"]]
    source = f' Source: {escape(record["source"])}.' if record["source"] else ""
    return (
        f'<div class="evidence" data-claim="{escape(record["claim"])}"><p class="evidence-head">'
        f'<b>{escape(record["claim"])}</b> {READINGS[record["reading"]]} ({record["kind"]}) '
        f'<span class="evidence-{outcome.split()[0]}">{mark} {outcome}</span></p>'
        f'<p><i>{escape(record["condition"])}:</i> {escape(record["predicate"])}. '
        f"<b>Measured:</b> {measured}.{source}</p></div>"
    )
