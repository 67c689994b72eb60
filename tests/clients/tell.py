"""What the drivers in Python tell tests/clients/run: one line of JSON for each dispatch, for each
complaint of the library, and for its refusal to go on."""

import json
import logging


def say(**it):
    print(json.dumps(it), flush=True)


class Complaints(logging.Handler):
    """Tells warnings, and whatever else is_complaint() says is one."""

    def is_complaint(self, record):
        return record.levelno >= logging.WARNING

    def emit(self, record):
        if self.is_complaint(record):
            say(complaint=f"{record.name}: {self.format(record)}")
