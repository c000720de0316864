"""From a news item to drafts, and from drafts to ready messages. Pure but for reading templates."""
