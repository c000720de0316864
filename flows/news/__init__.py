"""From a published page, file or text to a `NewsItem`, and `item.md` read and written."""
