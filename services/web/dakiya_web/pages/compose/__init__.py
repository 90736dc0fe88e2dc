"""Making a campaign: details and recipients, content, schedule and review."""
