"""Fifteen faults that no list has, each as somebody who never saw ours might write it (docs/twin.md)."""

from dataclasses import replace


class DurationCreeps:
    """The pulses get longer by a per cent a minute."""

    def fit(self, unit, severity):
        begun = unit.firmware.delivery.begin
        delivery = unit.firmware.delivery
        healthy = delivery.waveform
        minutes = 0

        def grow():
            nonlocal minutes
            minutes += 1
            unit.timeline.after(60.0, grow)

        def begin(set_ua, level):
            longer_s = healthy.pulse_duration_s * (1 + 0.01 * min(minutes, 20))
            delivery.waveform = replace(healthy, pulse_duration_s=longer_s)
            begun(set_ua, level)

        delivery.begin = begin
        unit.timeline.after(60.0, grow)


class ResumesHigher:
    """After a pause the output comes back one level higher; the status says the old one."""

    def fit(self, unit, severity):
        resume = unit.firmware.resume
        healthy = unit.firmware.level_current
        up = {"on": False}
        start = unit.firmware.start

        def started(s):
            up["on"] = False
            start(s)

        def resumed():
            up["on"] = True
            resume()

        unit.firmware.start = started
        unit.firmware.resume = resumed
        n = unit.firmware.level_count
        unit.firmware.level_current = lambda level: healthy(
            min(n, level + 1) if up["on"] else level
        )


class GhostPulse:
    """Three seconds after a STOP one pulse of a tenth of a second escapes."""

    def fit(self, unit, severity):
        stop = unit.firmware.stop

        def stopped():
            was = unit.firmware.delivering
            stop()
            if was:
                unit.timeline.after(3.0, escape)

        def escape():
            if unit.firmware.powered and not unit.firmware.delivering:
                unit.stage.drive_phase(unit.memory.level_table_ua[0], 1, 1, 0)
                unit.timeline.after(0.1, unit.stage.open_bridge)

        unit.firmware.stop = stopped


class LastSecondsStrong:
    """Half a minute before its end a session rises by three tenths."""

    def fit(self, unit, severity):
        healthy = unit.stage.current_ua
        start = unit.firmware.start

        def started(session_s):
            start(session_s)
            unit.timeline.after(max(0.0, session_s - 30.0), lambda: None)

        def current_ua(set_ua, polarity, level):
            late = 0 < unit.firmware.timer.left_s < 30.0
            return healthy(set_ua, polarity, level) * (1.3 if late else 1.0)

        unit.firmware.start = started
        unit.stage.current_ua = current_ua


class ReturnsAtOnce:
    """After a lost contact the output returns without its ramp."""

    def fit(self, unit, severity):
        lost = unit.firmware.contact_lost
        d = unit.firmware.delivery
        start = unit.firmware.start

        def contact_lost():
            d.ramp_factor = 0.0
            lost()

        def started(s):
            d.ramp_factor = 1.0
            start(s)

        unit.firmware.contact_lost = contact_lost
        unit.firmware.start = started


class OffsetOfTheTop:
    """At the highest level alone a direct current of 8 uA rides on the output."""

    def fit(self, unit, severity):
        healthy = unit.stage.current_ua
        top = unit.firmware.level_count

        def current_ua(set_ua, polarity, level):
            return healthy(set_ua, polarity, level) + (8.0 if level == top else 0.0)

        unit.stage.current_ua = current_ua


class StopIgnoredAfterLevel:
    """A STOP within 0.3 s of a LEVEL is answered OK and forgotten."""

    def fit(self, unit, severity):
        stop, set_level = unit.firmware.stop, unit.firmware.set_level
        at = {"ns": -(10**18)}

        def level(n):
            set_level(n)
            at["ns"] = unit.timeline.now_ns

        def stopped():
            if unit.timeline.now_ns - at["ns"] > 300_000_000:
                stop()

        unit.firmware.set_level = level
        unit.firmware.stop = stopped


class PositiveComparator:
    """The hardware comparator sees positive currents only, and the firmware samples only them."""

    def fit(self, unit, severity):
        sample = unit.firmware_overcurrent.sample
        unit.hardware_overcurrent.threshold_factor = 1e6
        unit.firmware_overcurrent.sample = lambda amperes: sample(max(0.0, amperes))


class PollingHoldsTheClock:
    """Every request takes the session's timer back by two seconds."""

    def fit(self, unit, severity):
        def asked():
            timer = unit.firmware.timer
            if unit.firmware.delivering:
                left = timer.left_s
                timer.load(left + 2.0)
                timer.run()

        unit.port.on_request = asked


class DoublePulses:
    """One pulse in two thousand is twice as strong."""

    def fit(self, unit, severity):
        healthy = unit.firmware.delivery.pulse_begins
        unit.machine.fast_forward = False

        def pulse_begins(index):
            ua = healthy(index)
            return None if ua is None else ua * (2.0 if unit.random.random() < 5e-4 else 1.0)

        unit.firmware.delivery.pulse_begins = pulse_begins


class ForgetsTheLevel:
    """A charger that was refused leaves the device at its highest level."""

    def fit(self, unit, severity):
        changed = unit.firmware.charger_changed
        healthy = unit.firmware.level_current
        had = {"it": False}

        def charger_changed(*, present):
            had["it"] = had["it"] or not present
            changed(present=present)

        unit.firmware.charger_changed = charger_changed
        n = unit.firmware.level_count
        unit.firmware.level_current = lambda level: healthy(n if had["it"] else level)


class WeakWhenWarm:
    """Above 5 K of self-heating the negative phases fall by a fifth."""

    def fit(self, unit, severity):
        healthy = unit.stage.current_ua

        def current_ua(set_ua, polarity, level):
            warm = unit.stage.warming_k >= 5.0
            return healthy(set_ua, polarity, level) * (0.8 if polarity < 0 and warm else 1.0)

        unit.stage.current_ua = current_ua


class SensesHard:
    """While it waits for contact, the probe grows with every second without one."""

    def fit(self, unit, severity):
        healthy = unit.stage.drive_sense
        n = {"k": 0}

        def drive_sense(probe_ua, *, on):
            n["k"] = 0 if unit.contact.present else n["k"] + 1
            healthy(probe_ua * (1 + 0.2 * min(n["k"], 40)), on=on)

        unit.stage.drive_sense = drive_sense
        unit.machine.fast_forward = False


class TrainTwice:
    """Every thirtieth train repeats the polarity of the one before."""

    def fit(self, unit, severity):
        healthy = unit.stage.drive_phase
        train = unit.description.waveform.pulses_per_train

        def drive_phase(set_ua, polarity, level, pulse):
            odd = polarity < 0 and (pulse // train) % 15 == 14
            healthy(set_ua, -polarity if odd else polarity, level, pulse)

        unit.stage.drive_phase = drive_phase
        unit.machine.fast_forward = False


class PauseLeaks:
    """While paused, and only then, 30 uA flow."""

    def fit(self, unit, severity):
        pause, resume, stop = unit.firmware.pause, unit.firmware.resume, unit.firmware.stop
        dry = unit.source.leakage_ua

        def paused():
            unit.source.leakage_ua = 30.0
            pause()

        def over(act):
            def acted():
                unit.machine.disturb()
                unit.source.leakage_ua = dry
                act()

            return acted

        unit.firmware.pause = paused
        unit.firmware.resume, unit.firmware.stop = over(resume), over(stop)
