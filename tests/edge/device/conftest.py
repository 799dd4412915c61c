"""The test house and the fake central are those of the runtime's tests."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PATH = Path(__file__).parents[2] / "shared" / "runtime" / "conftest.py"
_SPEC = spec_from_file_location("runtime_fixtures", _PATH)
assert _SPEC is not None and _SPEC.loader is not None
_FIXTURES = sys.modules.setdefault("runtime_fixtures", module_from_spec(_SPEC))
_SPEC.loader.exec_module(_FIXTURES)

house, fakes, central = _FIXTURES.house, _FIXTURES.fakes, _FIXTURES.central
