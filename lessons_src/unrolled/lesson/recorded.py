"""The numbers of a full-scale run in a lesson, with where they come from."""

from html import escape

from IPython.display import display

from unrolled.experiments import records


def recorded(experiment, device, results=records.RESULTS):
    """Show where the record of `experiment` on `device` comes from and how to repeat it; returns the record's results.

    Where it has not been run yet, this is what is shown, and None is returned. Raises what `records.read` raises.
    """
    record = records.read(experiment, device, results)
    line = records.provenance(record) if record else f"{experiment} on {device}: not yet run"
    command = f"python -m unrolled.experiments run {experiment} --scale full --device {device}"
    words = " ".join(f'<span class="tied">{escape(word)}</span>' for word in command.split())
    html = f'<p class="recorded">{escape(line)}.<br><code>{words}</code></p>'
    display({"text/plain": f"{line}.\n{command}", "text/html": html}, raw=True)
    return record and record["results"]
