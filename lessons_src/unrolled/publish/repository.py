"""The address of the course's repository, set in one place, and the addresses that follow from it.

The place is `course_repository` in `_config.yml`. Where it is empty, there is no repository, and nothing leads to one.
Jupyter Book's own setting, `repository.url`, is not read: left out, it is the address of Jupyter Book itself.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sphinx.errors import ConfigError

SOURCES = "main"
NOTEBOOKS = "notebooks"
"""The two branches: what people edit, and what .github/workflows/publish.yml makes of it: the same with notebooks."""

_ADDRESS = re.compile(r"https://github\.com/(?P<owner>[A-Za-z0-9-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub, the one host that Colab, Binder and the workflows all know."""

    owner: str
    name: str

    @property
    def address(self):
        """Where people see it."""
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def site(self):
        """Where GitHub Pages serves its site."""
        host = f"{self.owner}.github.io".lower()
        return f"https://{host}/" if self.name.lower() == host else f"https://{host}/{self.name}/"

    @property
    def requirement(self):
        """The library as pip installs it, from the branch and so from the commit of the notebooks."""
        return f"unrolled @ git+{self.address}@{NOTEBOOKS}"

    def binder(self, path):
        """Opens a notebook of the branch of notebooks in JupyterLab on Binder."""
        opened = quote(f"lab/tree/{path}", safe="")
        return f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/{NOTEBOOKS}?urlpath={opened}"

    def colab(self, path):
        """Opens a notebook of the branch of notebooks on Colab."""
        return f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/{NOTEBOOKS}/{quote(path)}"

    def edit(self, source):
        """Opens the source of a page in GitHub's editor."""
        return f"{self.address}/edit/{SOURCES}/{quote(source)}"

    def report(self, source):
        """Opens a new issue about a page."""
        return f"{self.address}/issues/new?{urlencode({'title': f'A problem on {source}'})}"


def repository(config):
    """The repository that Sphinx's `config` names; None where it names none.

    Raises ConfigError where the address is not one of a repository on GitHub.
    """
    address = config.course_repository or ""
    found = _ADDRESS.fullmatch(str(address))
    if address and not found:
        raise ConfigError(
            f"course_repository in _config.yml: expected https://github.com/OWNER/NAME or nothing, found {address!r}"
        )
    return Repository(**found.groupdict()) if found else None


def _set_address_of_site(app, config):
    known = repository(config)
    if known and not config.html_baseurl:
        config.html_baseurl = known.site


def setup(app):
    """Register the setting; where it is set, the site is GitHub Pages' unless `html.baseurl` names another."""
    app.add_config_value("course_repository", "", "html", (str, type(None)))
    app.connect("config-inited", _set_address_of_site)
