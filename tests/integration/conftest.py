"""The simulated phones, shared by the tests of this folder."""

from tests.support.simulated import simulated_phones

__all__ = ["simulated_phones"]
