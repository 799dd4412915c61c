"""For a writer's process, which learns of commands by importing modules: there the tests' own one stays declared."""

from tests.central.kernel.scribbles import declare

declare()
