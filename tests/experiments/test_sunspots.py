import numpy as np
import pytest

from unrolled.experiments import sunspots as experiment
from unrolled.experiments.sunspots import LAST_LEARNT, READ, sunspot_forecasts
from unrolled.tasks.sunspots import sunspots


def test_forecasts_beat_persistence_on_the_years_after_those_learnt():
    year, forecast = sunspot_forecasts([0.01, 0.01], [0, 1], updates=100)
    assert forecast.shape == (2, len(year)) and year[0] == 1700 + READ and year[-1] == 2008
    number = sunspots()[1]
    later = year > LAST_LEARNT
    miss = lambda guess: np.sqrt(np.mean((guess - number[READ:])[..., later] ** 2, -1))
    assert miss(forecast).max() < 0.8 * miss(number[READ - 1 : -1])


def test_nothing_after_1920_is_learnt_from(monkeypatch):
    learnt = sunspot_forecasts([0.01], [0], updates=5)[1][:, : LAST_LEARNT + 1 - 1700 - READ]
    year, number = sunspots()
    changed = np.where(year > LAST_LEARNT, 1000.0, number)
    monkeypatch.setattr(experiment, "sunspots", lambda: (year, changed))
    again = sunspot_forecasts([0.01], [0], updates=5)[1][:, : LAST_LEARNT + 1 - 1700 - READ]
    np.testing.assert_array_equal(learnt, again)


def test_lists_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="got 2 for 1 seeds"):
        sunspot_forecasts([0.1, 0.2], [0])
