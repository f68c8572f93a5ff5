"""Where each medium finds its images: in the mail (hosted or travelling with it), beside the page."""

from __future__ import annotations

from newsletter.compose.content import Picture
from newsletter.compose.edition import Asset
from newsletter.settings_model import Settings


class MailImages:
    """The images of the mail: hosted at `[web] assets_url`, or embedded and named by Content-ID."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.web.assets_url
        self._domain = settings.sender.address.rpartition("@")[2]
        self.assets: dict[str, Asset] = {}

    def source(self, picture: Picture) -> str:
        """Return the address of an image and note that the mail shows it."""
        self.assets[picture.asset.name] = picture.asset
        return self._address(picture.asset.name)

    @property
    def sources(self) -> dict[str, str]:
        """The address of each image by its name."""
        return {name: self._address(name) for name in sorted(self.assets)}

    def _address(self, name: str) -> str:
        return f"{self._base.rstrip('/')}/{name}" if self._base else f"cid:{name}@{self._domain}"


class PageImages:
    """The images of the archive page, in the folder `images` beside it."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}

    def source(self, picture: Picture) -> str:
        """Return the address of an image and note that the page shows it."""
        self.assets[picture.asset.name] = picture.asset
        return f"images/{picture.asset.name}"
