"""The record of a run: journal, stored waveforms, and what a report reads back."""

from bench.record.journal import Journal, RecordFailed, read_journal, utc_now
from bench.record.run_folder import create_run_folder, load_run, summary_bytes
from bench.record.waveform_store import load_waveform, store_waveform

__all__ = [
    "Journal",
    "RecordFailed",
    "create_run_folder",
    "load_run",
    "load_waveform",
    "read_journal",
    "store_waveform",
    "summary_bytes",
    "utc_now",
]
