"""AGE2HIE as a MONAI Deploy application: ``python app.py -i STUDY -o OUTPUT [-m MODEL]``, or by its environment.

It ends with 0 where a result is written, also where the quality gate withholds the number (result.json says so), and
else with 2.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from monai.deploy.conditions import CountCondition
from monai.deploy.core import AppContext, Application, Operator, OperatorSpec
from study import bundle_in, predict_study

from AGE2HIELib.errors import InputError

UNUSABLE = 2
_log = logging.getLogger("age2hie")


class HieOutcomeOperator(Operator):  # type: ignore[misc]  # the SDK is in the image, not where types are checked
    """Reads the study of the application's input once; ``problem`` says why there is no result."""

    def __init__(self, fragment: Any, *conditions: Any, context: AppContext, **more: Any) -> None:
        self._context, self.problem = context, ""
        super().__init__(fragment, *conditions, **more)

    def setup(self, spec: OperatorSpec) -> None:
        """It has no ports: study and result are folders."""

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Holoscan goes on after an exception as if nothing were wrong, so what is wrong is kept."""
        asked = self._context
        try:
            outcome = predict_study(Path(asked.input_path), Path(asked.output_path), bundle_in(asked.model_path))
            _log.info("ended with %d", outcome.code)
        except InputError as error:
            self.problem = str(error)


class HieApp(Application):  # type: ignore[misc]
    """One operator, which does everything."""

    def compose(self) -> None:
        context = Application.init_app_context(self.argv)
        self.work = HieOutcomeOperator(self, CountCondition(self, 1), context=context, name="hie_outcome")
        self.add_operator(self.work)


def main() -> int:
    app = HieApp()
    app.run()
    if app.work.problem:
        print(f"age2hie: error: {app.work.problem}", file=sys.stderr)
        return UNUSABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
