"""The samples of the guides run as they stand there and print what they say."""

import re
from contextlib import redirect_stdout
from io import StringIO

import pytest

from support.mock_server import PROJECT

DOCS = PROJECT / "docs"
GUIDE = (DOCS / "python-sdk.md").read_text()
ORIGIN_IN_GUIDE = "http://127.0.0.1:8787"


@pytest.mark.parametrize("guide", ["python-sdk.md", "agents.md"])
def test_every_sample_prints_what_it_says(demo_server, guide):
    namespace = {}
    samples = re.findall(r"^```python\n(.*?)^```$", (DOCS / guide).read_text(), re.MULTILINE | re.DOTALL)
    for sample in samples:
        said = "".join(f"{line}\n" for line in re.findall(r"^#> (.*)$", sample, re.MULTILINE))
        printed = StringIO()
        with redirect_stdout(printed):
            exec(sample.replace(ORIGIN_IN_GUIDE, demo_server.origin), namespace)
        assert printed.getvalue() == said, sample


def test_the_guide_installs_the_version_that_is_tested():
    requirements = (PROJECT / "tests" / "contract" / "requirements.txt").read_text()
    [installed] = re.findall(r"^pip install (\S+)$", GUIDE, re.MULTILINE)
    assert installed in requirements.splitlines()
