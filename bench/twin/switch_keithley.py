"""The simulated Keithley 2700 as a switch unit: cards 7700 in both slots, 20 channels each.

It answers its closed channels as a list, runs written as ranges, and opens nothing that it was not
told to open.
"""

from __future__ import annotations

from bench.twin.scpi_tree import Call
from bench.twin.switch import CHANNELS, SwitchUnit

__all__ = ["Keithley2700"]


class Keithley2700(SwitchUnit):
    """A Keithley 2700 that switches and is never asked to measure."""

    error_format = '{code:d},"{text}"'

    def add_own_commands(self) -> None:
        """Declare multiple-channel switching and what names the cards."""
        self.tree.add("ROUTe:MULTiple:CLOSe", command=self._close)
        self.add_answer("ROUTe:MULTiple:CLOSe", self._closed_list)
        self.tree.add("ROUTe:MULTiple:OPEN", command=self._open)
        self.add_action("ROUTe:OPEN:ALL", self.reset)
        self.add_answer("*OPT", lambda: "7700,7700")

    def _close(self, call: Call) -> None:
        self.drive(call.arguments.channel_list(CHANNELS), closed=True)

    def _open(self, call: Call) -> None:
        self.drive(call.arguments.channel_list(CHANNELS), closed=False)

    def _closed_list(self) -> str:
        world = self.timeline.world
        closed = [channel for channel in CHANNELS if world.relay_commanded(channel)]
        runs: list[list[int]] = []
        for channel in closed:
            if runs and channel == runs[-1][1] + 1:
                runs[-1][1] = channel
            else:
                runs.append([channel, channel])
        texts = (str(low) if low == high else f"{low}:{high}" for low, high in runs)
        return f"(@{','.join(texts)})"
