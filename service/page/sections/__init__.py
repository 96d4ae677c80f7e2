"""Sections of the page, a file for each: it is shown for being here. See `service.page.section`."""
