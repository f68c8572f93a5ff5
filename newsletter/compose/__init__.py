"""From an issue to an edition: Markdown, MJML, inlined HTML, plain text, page, images."""
