"""What is looked at before a campaign is scheduled: mistakes stop it, doubts are told.

`check.check_campaign` puts together what the modules beside it find, each for one thing.
"""
