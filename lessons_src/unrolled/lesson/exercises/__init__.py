"""The tests behind check(...): a file for each lesson, a function for each exercise. They say what is wrong, not the answer.

Importing this package imports every file in it, and that registers the tests.
"""

import importlib
import pkgutil

for _lesson in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_lesson.name)
