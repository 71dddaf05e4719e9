"""Firmware against firmware."""
