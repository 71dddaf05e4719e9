"""pytest's way in: options, selection by requirement, the run around the test loop, the rows.

Inert unless the collected items carry requirements: our own tests share the root ``conftest.py``.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest
from _pytest.nodes import Node

from bench.decision import FAILED
from bench.errors import (
    BenchError,
    ConfigurationError,
    DeviceMisbehaved,
    DeviceRefused,
    FixtureError,
    InstrumentError,
    NotConnected,
    NotOffered,
    SupplyFault,
    TooFewSamples,
)
from bench.judge import Verdict
from bench.plugin.check import Check
from bench.plugin.decidability import require_decidable
from bench.plugin.progress import Progress
from bench.plugin.run import Run, RunFailed
from bench.plugin.settings import RunSettings, add_options, settings_from
from bench.record import RecordFailed
from bench.record.schema import RunRecord, TestOutcome
from bench.requirements import Requirement
from bench.station.bench import Bench
from bench.station.guardian import GuardianLost
from reports.log import LogPlugin

__all__ = ["DECIDABLE", "REFUSED", "RUN", "SETTINGS", "requirement_ids"]

RUN = pytest.StashKey[Run]()
SETTINGS = pytest.StashKey[RunSettings]()
REFUSED = pytest.StashKey[BenchError]()
DECIDABLE = pytest.StashKey[bool]()
"""The caller has found every limit of the plan decidable; it is not asked again."""
_CHECK = pytest.StashKey[Check]()
_ENDS_THE_RUN = (NotConnected, SupplyFault, RecordFailed, GuardianLost)
"""An instrument is gone or the supply at fault, nothing can be recorded, or nobody would make the bench safe."""
ALL_PHASES = 20
"""Random instants within a polarity cycle; the worst is reported. Source: docs/laboratory.md."""
_OUTCOME = pytest.StashKey[TestOutcome]()
_PLANNED = pytest.StashKey[tuple[tuple[str, tuple[str, ...]], ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register our markers where another project's configuration file is in force."""
    config.addinivalue_line("markers", "requirement(*ids): requirements that this test measures")
    settings = config.stash.get(SETTINGS, None)
    if settings is not None:
        log = LogPlugin(
            product=settings.profile.title,
            run_id=settings.run_id,
            simulated=settings.simulated,
        )
        config.pluginmanager.register(log, "bench-log")
    config.addinivalue_line("markers", "closing: runs after every other test of the plan")
    config.addinivalue_line("markers", "full_scope: left out where a plan cuts the requirement")
    config.addinivalue_line("markers", "short_scope: only where a plan cuts the requirement")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test the levels and loads that its requirement has in this plan."""
    wanted = [name for name in ("level", "load_ohm") if name in metafunc.fixturenames]
    if not wanted or not requirement_ids(metafunc.definition):
        return
    settings = _settings(metafunc.config)
    scope = settings.scope(requirement_ids(metafunc.definition))
    if "level" in wanted:
        metafunc.parametrize("level", scope.levels, ids=[f"level{n}" for n in scope.levels])
    if "load_ohm" in wanted:
        metafunc.parametrize(
            "load_ohm", scope.loads_ohm, ids=[f"{r:g}ohm" for r in scope.loads_ohm]
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the items whose requirements the plan has, and put the closing ones last.

    First of all, so that a test that ``-k`` leaves out is known to have been demanded.
    """
    plan_items = [item for item in items if requirement_ids(item)]
    if not plan_items:
        return
    settings = _settings(config)
    left_out = [item for item in plan_items if not _wanted(item, settings)]
    if left_out:
        dropped = set(left_out)
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=left_out)
    first = _until_fail(config)
    items.sort(
        key=lambda item: (
            item.get_closest_marker("closing") is not None,
            bool(first) and first.isdisjoint(requirement_ids(item)),
        )
    )
    config.stash[_PLANNED] = tuple(
        (item.nodeid, requirement_ids(item)) for item in items if requirement_ids(item)
    )


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Seal the run folder once every other plugin has written its file."""
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close_record()


def _wanted(item: pytest.Item, settings: RunSettings) -> bool:
    ids = requirement_ids(item)
    left_out = "short_scope" if settings.full_scope(ids) else "full_scope"
    if item.get_closest_marker(left_out):
        return False
    return settings.wants(ids)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Open the bench before the first test and leave it safe after the last, whatever happens."""
    config = session.config
    items = [item for item in session.items if requirement_ids(item)]
    if not items or config.option.collectonly:
        return (yield)
    settings = _settings(config)
    selected = [requirement_ids(item) for item in items]
    try:
        if not config.stash.get(DECIDABLE, False):
            require_decidable(settings, selected)
    except ConfigurationError as refusal:
        config.stash[REFUSED] = refusal
        pytest.exit(f"refused: {refusal}", returncode=refusal.exit_code)
    try:
        run = Run(settings, planned=config.stash[_PLANNED], selected=selected)
    except RecordFailed as refusal:
        config.stash[REFUSED] = refusal
        pytest.exit(f"refused: {refusal}", returncode=refusal.exit_code)
    config.stash[RUN] = run
    config.pluginmanager.register(Progress(total=len(items)), "bench-progress")
    with run:
        try:
            run.open()
        except RunFailed:
            session.items.clear()  # what the bench cannot measure is not started
        gc.freeze()  # what is loaded stays: no collection of the run looks at it again
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Turn what a test raises into rows by who is to blame, and fail it at its end."""
    run = item.config.stash.get(RUN, None)
    if run is None or not requirement_ids(item):
        return (yield)
    check = _check_of(item, run)
    try:
        result = yield
    except (DeviceMisbehaved, DeviceRefused) as failure:  # a plan asks for what is legal
        _require_bench_without_fault(item, run, check, failure)
        for requirement in _unanswered(item, check):
            check.undecided(
                requirement, "expected behaviour", verdict=Verdict.FAIL, reason=str(failure),
                **_parameters(item),
            )  # fmt: skip
    except NotOffered as reason:
        # What was injected for a record that came too coarse is still there.
        run.left_in_the_middle |= isinstance(reason, TooFewSamples)
        for requirement in _unanswered(item, check):
            check.undecided(
                requirement, "capability", verdict=Verdict.NOT_TESTED, reason=str(reason),
                **_parameters(item),
            )  # fmt: skip
        pytest.skip(str(reason))  # the rows above say NOT TESTED and why; so does the log
    except BenchError as error:
        run.problem(
            item.nodeid,
            error,
            _unanswered(item, check),
            decides_run=isinstance(error, SupplyFault),
        )
        run.left_in_the_middle = True
        if isinstance(error, _ENDS_THE_RUN):
            item.session.shouldfail = "the bench is at fault: what is left was not started"
        raise
    except Exception as error:
        run.problem(item.nodeid, error, requirement_ids(item))
        raise
    else:
        _fail_on(check)
        return result
    _fail_on(check)
    return None


def _require_bench_without_fault(
    item: pytest.Item, run: Run, check: Check, failure: DeviceMisbehaved | DeviceRefused
) -> None:
    """Before the device is blamed: raise FixtureError where the bench explains what it did."""
    try:
        cause = run.bench_at_fault()
    except BenchError as error:
        cause = str(error)
    if not cause:
        return
    error = FixtureError(f"{cause} (what the device then did: {failure})")
    run.problem(item.nodeid, error, _unanswered(item, check))
    run.left_in_the_middle = True
    raise error from failure


def _fail_on(check: Check) -> None:
    failures = check.failures()
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Bring the device back to rest after each test; a failure there is the bench's."""
    run = item.config.stash.get(RUN, None)
    if run is not None and run.bench is not None and requirement_ids(item):
        try:
            run.rest()
        except BenchError as error:
            stuck = isinstance(error, InstrumentError)
            run.problem(f"{item.nodeid} (teardown)", error, (), decides_run=stuck)
            if stuck:
                item.session.shouldfail = f"the path may still be closed: {error}"
            raise
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the rows of the test to its report, in every phase."""
    report = yield
    check = item.stash.get(_CHECK, None)
    if check is not None and report.when == "call":
        for row in check.rows:
            report.user_properties.append(("measurement", msgspec.json.encode(row).decode("utf-8")))
    run = item.config.stash.get(RUN, None)
    if run is not None and requirement_ids(item):
        _remember(item, report, run)
    return report


def _remember(item: pytest.Item, report: pytest.TestReport, run: Run) -> None:
    """Journal the test's outcome once all its phases are over; the worst phase counts."""
    known = item.stash.get(_OUTCOME, None)
    outcome: str = report.outcome
    if outcome == "failed" and (report.when != "call" or not _has_rows(item)):
        outcome = "error"
    merged = TestOutcome(
        node_id=item.nodeid,
        outcome=_worse(known.outcome if known else "passed", outcome),
        duration_s=(known.duration_s if known else 0.0) + report.duration,
        reason=(known.reason if known else "") or _reason(report),
        requirements=requirement_ids(item),
    )
    item.stash[_OUTCOME] = merged
    if report.when == "teardown":
        run.test_over(merged)
        _end_on(item)


def _until_fail(config: pytest.Config) -> frozenset[str]:
    """Return the requirements whose first failure ends the run; none without the option."""
    return frozenset(filter(None, str(config.getoption("--until-fail", "") or "").split(",")))


def _end_on(item: pytest.Item) -> None:
    """End the run where a failure that was waited for is in the record."""
    check = item.stash.get(_CHECK, None)
    wanted = _until_fail(item.config)
    if check is None or not wanted:
        return
    for row in check.rows:
        if row.verdict in FAILED and not wanted.isdisjoint(row.requirements):
            item.session.shouldfail = f"--until-fail: {row.requirements[0]} failed"


def _has_rows(item: pytest.Item) -> bool:
    check = item.stash.get(_CHECK, None)
    return check is not None and bool(check.failures())


def _worse(one: str, other: str) -> str:
    order = ("error", "failed", "skipped", "passed")
    return min(one, other, key=order.index)


def _reason(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(getattr(report.longrepr, "reprcrash", report.longrepr)).splitlines()[0]


def _check_of(item: pytest.Item, run: Run) -> Check:
    check = item.stash.get(_CHECK, None)
    if check is None:
        check = item.stash[_CHECK] = run.check(item.nodeid)
    return check


def _unanswered(item: pytest.Item, check: Check) -> tuple[str, ...]:
    """Return the item's requirements that have no row from it yet; all, where every one has."""
    answered = {requirement for row in check.rows for requirement in row.requirements}
    wanted = requirement_ids(item)
    return tuple(r for r in wanted if r not in answered) or wanted


def _parameters(item: pytest.Item) -> dict[str, str | int | float]:
    spec = getattr(item, "callspec", None)
    return (
        {} if spec is None else {k: v for k, v in spec.params.items() if isinstance(v, int | float)}
    )


def requirement_ids(node: Node) -> tuple[str, ...]:
    """Return the requirements that a test is marked with."""
    return tuple(
        str(requirement)
        for marker in node.iter_markers("requirement")
        for requirement in marker.args
    )


def _settings(config: pytest.Config) -> RunSettings:
    settings = config.stash.get(SETTINGS, None)
    if settings is None:
        settings = config.stash[SETTINGS] = settings_from(
            config.option, root=Path(__file__).parents[2]
        )
    return settings


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """The open bench: device, fixture, captures and measurands."""
    run = request.config.stash[RUN]
    assert run.bench is not None
    return run.bench


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """Judge a measured value: ``check("OUT-001", "amplitude", measured, level=…)``."""
    return _check_of(request.node, request.config.stash[RUN])


@pytest.fixture(scope="session")
def record_so_far(request: pytest.FixtureRequest) -> RunRecord:
    """The run as its journal tells it when the first closing test asks; read once."""
    return request.config.stash[RUN].record()


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest) -> Path:
    """Where the run's journal and waveforms are."""
    return request.config.stash[RUN].folder


@pytest.fixture
def phases(request: pytest.FixtureRequest) -> int:
    """At how many random instants a reaction is provoked: once where the plan cuts the requirement."""
    settings = _settings(request.config)
    return ALL_PHASES if settings.full_scope(requirement_ids(request.node)) else 1


@pytest.fixture
def requirement(request: pytest.FixtureRequest) -> Requirement:
    """The first requirement of the test."""
    run = request.config.stash[RUN]
    return run.catalogue[requirement_ids(request.node)[0]]
