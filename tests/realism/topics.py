# SPDX-License-Identifier: ISC
"""What people of a house write to each other about its machines, money and projects, sentence by sentence, for
ordinary.py. None of it is taken from lures, or from anybody's mails; lengths, subjects and the commonest words were held
against a public archive of mails between technical people."""

GREETINGS = ["Hi {to},", "Hello {to},", "{to},", "Dear {to},", "Morning {to},", "Hi {to}", "Good morning,", "Hey {to},",
             "Hello,", "Hi all,", ""]
BYES = ["Regards,", "Kind regards,", "Best,", "Cheers", "Thanks,", "Best wishes,", "Thanks", "BR", "", "Best regards,",
        "Many thanks,"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
ANOTHER = ["Another thing: "]
# Sentences of each kind of correspondence: subjects; what is asked, what is told unasked, what is answered; what may follow,
# in few words or many; leads to something quoted; what is said to an answer.
TOPICS = {
    "login": {
        "subject": ["{project} login", "password for {project}", "locked account", "can't get into {project}",
                    "{project}", "Account {login}", "Access request {project}", "question about {project}",
                    "Login to {project} no longer possible after the password change",
                    "{project}: who can give me access?", "Re-activation of my account",
                    "{project} - forgotten password (urgent)"],
        "ask": ["{project} has thrown me out and won't take my password any more.",
                "Could you reset my account on {project}?",
                "Since the weekend I only get 'invalid credentials' on {project}.",
                "Am I meant to have access to {project}?",
                "I'm trying to look something up in {project} but the login page just reloads.",
                "My account ran out while I was on holiday, can it be extended?"],
        "tell": ["I've unlocked your account on {project}.",
                 "We have moved {project} to the new directory over the weekend.",
                 "Your access to {project} was approved this morning.",
                 "You should be able to get into {project} again."],
        "reply": ["I've reset it, try again please.", "Sorry about that, the sync was stuck.",
                  "You're in the wrong group, I've added you.",
                  "That's because your contract date was not renewed in HR.",
                  "It works from here. Which browser are you on?", "The account was locked after five attempts."],
        "more": ["It takes about ten minutes until all servers know.",
                 "Passwords have to have twelve characters now.", "{name} had the same problem yesterday.",
                 "You'll be asked for a new one straight away.", "If the page still complains, clear the cookies.",
                 "I can see three failed attempts from last night.",
                 "The old page at {url} will redirect you for a while."],
        "long": ["I was sure that I had used the right password, but after the third try it locked me out and now "
                 "even the reset link does nothing.",
                 "If it's only you then it's probably a cached session, so close the browser and try again before "
                 "I change anything.",
                 "We can't see your password, of course, and I would rather not send one around, but I can give "
                 "you a link when you're at your desk.",
                 "Some of the old accounts were never moved, which is why a few of you have to go through the form "
                 "again.", "It would also help to know whether you were in the office or at home when it happened.",
                 "I don't know who set this up, but the account belongs to nobody in our department any more."],
        "lead": ["For now you can get in with", "Temporary details:", "This should let you in:",
                 "Here's the new one:"],
        "ack": ["That did it, cheers.", "Still no luck I'm afraid.", "I'm in. Thanks.",
                "Works in Firefox, not in Chrome. Odd.", "Brilliant, thank you!", "OK, will try after lunch."]},
    "starter": {
        "subject": ["new starter on {day}", "Joiner: {name}", "laptop for {name}", "{name} starts {day}",
                    "leaver / joiner this month", "New colleague from {day}: what do you still need from me?",
                    "laptop and phone for {name}, starting {day}", "IT for our new starter",
                    "joiner form for {name} - one question"],
        "ask": ["{name} starts with us on {day}, what do you need from me?",
                "Has the laptop for {name} turned up yet?", "Who orders the phone for the new colleague?",
                "Can you make sure {name} has everything on {day}?"],
        "tell": ["The machine for {name} is imaged and sits in our office.", "All the forms for {name} are through.",
                 "I've put {name} in the same groups as the rest of your team.",
                 "HR have sent the start date for {name}, it's {day}."],
        "reply": ["It's on its way, the courier says {day}.",
                  "Please fill in the joiner form, otherwise nothing happens.", "I can have it ready by {hour}.",
                  "Nobody told us, but we'll manage."],
        "more": ["A desk is free next to the window.", "The badge has to be collected in person.",
                 "I'd need to know which licences.", "The mailbox exists already.",
                 "Induction is at {hour} in the big meeting room.", "Somebody should show them {project}.",
                 "We've run out of docking stations until next week."],
        "long": ["She was in the office for her interview and has met most of the team, so there's no need for a "
                 "big tour.",
                 "I'd like her to have the same rights as {name} to begin with, and we can take some of it away "
                 "again when we know what she does.",
                 "If the laptop isn't there in time she can use one of the pool machines, they're slow but they "
                 "work.",
                 "As far as I know there is still some money left for a headset, and it would be good to order it "
                 "now because delivery takes ages.",
                 "He moves over from the other site, so he'll keep his account and only needs a new desk and a "
                 "phone."],
        "lead": ["First login:", "These are for the first day, please hand them over:", "Account details:"],
        "ack": ["Great, I'll pick it up on {day}.", "Lovely, thanks.", "I've sent the form.",
                "She's delighted with it.", "Perfect. Could we have a second screen as well?"]},
    "backup": {
        "subject": ["backup {host}", "backup job failed", "restore of a folder", "tapes", "[backup] {host} warning",
                    "{host} snapshots", "Backup of {host} failed again last night",
                    "can you get a folder back for me that was deleted on {day}?", "restore from backup ({project})",
                    "Backup report {day}: 2 warnings"],
        "ask": ["Can you restore a folder for me? It's {project}/reports, deleted some time on {day}.",
                "The job on {host} went red again, could you look?", "How far back do the backups of {project} go?",
                "Did anyone change something on {host}? The backup takes three times as long."],
        "tell": ["Last night's backup of {host} failed with a timeout.",
                 "The backup window of {host} moves to {hour}.", "I've started a full backup of {host} by hand.",
                 "We're nearly out of space on the backup store."],
        "reply": ["Restored, it's next to the original with today's date.",
                  "Thirty days for files, a year for the databases.",
                  "The agent had stopped. I've started it again and it's running now.",
                  "That was me, I had the disk busy with the migration."],
        "more": ["The incremental was fine.", "It copied {number} GB before it gave up.",
                 "I'd rather not delete anything before the audit.", "The next run is at {hour}.",
                 "Throughput is about what we'd expect from that link.",
                 "The catalogue still lists it, so the data must be there.",
                 "{name} has asked for a restore test anyway."],
        "long": ["I had a look at it and I think it's just the amount of small files, because the rate drops "
                 "whenever it gets into that folder.",
                 "We should be able to get it back, but I would need to know roughly when you last saw it and what "
                 "it was called.",
                 "It would be nice if somebody could check one or two of the files, since a backup that can't be "
                 "read is of no use to anyone.",
                 "The tapes are also getting old and I don't trust all of them, so I'd like to buy some more "
                 "before the end of the year.",
                 "If you don't need the old versions then I can throw some of them out, which would give us a few "
                 "weeks."],
        "lead": ["From the log:", "The agent logs in with", "This is all it says:"],
        "ack": ["Got it back, you saved my day.", "Running, 60% so far.", "OK, let's see tonight.",
                "Finished without errors."]},
    "certificate": {
        "subject": ["cert on {host}", "SSL warning on {project}", "certificates due in December",
                    "{host}: new certificate", "wildcard", "Certificate warning when opening {project} from outside",
                    "do we still use the certificate on {host}?", "Renewal: {number}",
                    "certificate for {project}, order {number}"],
        "ask": ["Users get a warning on {project}, has the cert run out?",
                "Do we still need the certificate for {host}?", "Who's got the key for {host}?",
                "Can you order a new one for {project} please?"],
        "tell": ["The certificate on {host} is good until {day} only.", "I've put the new chain on {host}.",
                 "The CA has changed its intermediate, so some clients may complain.",
                 "There are four certificates to renew this month."],
        "reply": ["Ordered, it usually takes an hour.", "I thought {name} had automated that.",
                  "Fixed, it was the chain.", "That host was switched off in spring."],
        "more": ["I checked it with openssl and the dates are right.", "The load balancer needs it as well.",
                 "Old Android phones don't like it.", "The CSR is in the usual folder.",
                 "It was issued for the wrong name at first.", "We pay about ninety pounds for it.",
                 "A restart isn't needed, a reload is enough."],
        "long": ["I had a reminder in my calendar and then I was off sick when it came up, so it's my fault and "
                 "nobody else's.",
                 "It should be done by the end of the week, but if it isn't then the users will get a big red page "
                 "and we'll be on the phone all day.",
                 "There are a few old devices which don't know the new root, and I'm not sure that we can do "
                 "anything about those.",
                 "We could have it renewed by a script like the others, but then somebody would have to open port "
                 "80 for it.",
                 "I would also like to get rid of the wildcard, because nobody knows any more where it has been "
                 "copied to."],
        "lead": ["openssl says:", "The CA's portal is", "Here's the command I used:"],
        "ack": ["Padlock's back.", "Looks good from outside too.", "Thanks for the quick help.",
                "I've added it to the calendar."]},
    "build": {
        "subject": ["build {number} failed", "{project}: main is broken", "flaky test in {project}", "CI slow today",
                    "runner offline", "{project} {version}", "main does not build any more since this morning",
                    "{project}: tests fail on the new runner but not locally", "Failed build {number} (main)",
                    "Runner on {host} is out of disk space"],
        "ask": ["Did you change anything in the build of {project}? It fails on main.",
                "Is anybody looking at build {number}?",
                "My merge request in {project} has been waiting for a runner for an hour.",
                "Can somebody restart the runner on {host}?"],
        "tell": ["Build {number} of {project} is broken since your last commit.",
                 "I've pinned the compiler, main should be green again.", "{version} of {project} is tagged.",
                 "The runners will be down for an hour at {hour}."],
        "reply": ["Looking.", "It's the mirror again, half of the packages are missing.",
                  "I reverted it. Sorry for the noise.", "Works on my machine, obviously.",
                  "The disk was full, I pruned the images."],
        "more": ["Only the integration tests fail, and not every time.",
                 "It downloads the whole internet on each run.", "The cache key changed with the new image.",
                 "You can skip that step for the hotfix.", "I'd retry once before digging.",
                 "{name} has a branch that fixes it.", "The artefacts are kept for a week."],
        "long": ["I don't think it has anything to do with the change itself, because the same thing happened on "
                 "another branch which hasn't been touched for weeks.",
                 "It would be good to have some of these tests run only at night, since they take most of the time "
                 "and hardly ever find anything.",
                 "If you rebase onto main you should be fine, but you may have to delete the lock file and let it "
                 "be written again.",
                 "We've been talking about bigger runners for months now and I still have no idea who'd have to "
                 "pay for them.",
                 "I just wanted to get it out of the way, so it's not pretty and there are one or two loose ends "
                 "in it."],
        "lead": ["Last lines:", "The failing bit:", "The job runs with"],
        "ack": ["Green.", "Same error, different line.", "Merged.", "Ah, that explains it.", "Fine, I'll rebase."]},
    "incident": {
        "subject": ["{project} down?", "outage this morning", "INC{number}", "{host} not reachable",
                    "slow network second floor", "summary INC{number}",
                    "{project} is very slow today, is that known?",
                    "Update on the problems with {project} this morning", "INC{number}: no connection to {host}",
                    "Re-opened: INC{number}"],
        "ask": ["Is {project} down for everyone or just us?",
                "We can't reach {host} from the branch, any known problem?", "What was it in the end on {day}?",
                "Several people here report that {project} is very slow."],
        "tell": ["{project} was not available between {hour} and a quarter to twelve.",
                 "{host} fell over this morning, I've rebooted it.", "We've found the reason for the slow network.",
                 "INC{number} can be closed from our side."],
        "reply": ["Known, we're on it.", "A switch on the second floor died, replacement's in.",
                  "The database ran out of connections.", "We don't see anything here. Can you send me a screenshot?"],
        "more": ["Around forty people were affected.", "The monitoring noticed it five minutes after the users did.",
                 "The vendor has a patch, but it isn't released.", "I've put a note on the status page.",
                 "We had this in March already.", "No mail was lost as far as I can tell.",
                 "{name} will write it up."],
        "long": ["We first thought that it was the network, and it took us some time to see that only those who "
                 "came in through the proxy were affected.",
                 "I'm sorry about the trouble, and I know that it was the second time in a month, but this one "
                 "really had nothing to do with the first.",
                 "If you still see it, could you try with another browser and also tell me what the time was when "
                 "it happened?",
                 "There was a change on the firewall last night which should not have had any effect, but you know "
                 "how it is.",
                 "Most of you won't have noticed anything, because it was back before nine and the queues had kept "
                 "everything."],
        "lead": ["Timeline:", "dmesg has this:", "To get onto the console:"],
        "ack": ["It's back, thanks.", "OK, I'll tell the others.", "Can we please have a review of this?",
                "Better now."]},
    "handover": {
        "subject": ["while I'm off", "holiday cover", "{project} next week", "out {day} to {day}",
                    "open points {project}", "cover list", "Who looks after {project} while you are on holiday?",
                    "Handover before my holiday (from {day})", "things you should know about {project}",
                    "cover for {name}, {day} to {day}"],
        "ask": ["Can you cover for me next week?", "Who's looking after {project} when you're away?",
                "I'm off from {day}, would you take my tickets?",
                "Before you go on holiday: where do I find the notes for {project}?"],
        "tell": ["I'm off from {day} and back in two weeks.", "As discussed you take over {project} from {day}.",
                 "Just a few things before I leave.",
                 "My last day in the team is {day}, after that {name} has my topics."],
        "reply": ["No problem.", "Sure, but I'm in training on {day}.", "Happy to, what's open?",
                  "They're in the wiki under {project}."],
        "more": ["The only customer waiting is the one from ticket {number}.",
                 "Month end is on {day}, so expect questions.",
                 "The cron job on {host} sends a mail, you can ignore it if it says 0.",
                 "{name} knows how the import works.", "There's a contract to be signed by {day}.",
                 "I've moved the weekly call to {hour}.", "Everything else can wait until I'm back.",
                 "You can reach me on my mobile if it's really urgent."],
        "long": ["It's all written down somewhere, but I would be surprised if anybody could find it, so just ask "
                 "{name} when you're stuck.",
                 "There isn't much to do really, as long as nothing breaks, and if it does then it's usually the "
                 "same thing as last time.",
                 "I've told the customers that I'm away and that you are the one to talk to, and most of them were "
                 "fine with that.",
                 "If they ask for more days then please don't promise anything, because the budget for this year "
                 "is as good as gone.",
                 "I would have liked to finish it before I go, but with everything else that's been going on there "
                 "just wasn't any time."],
        "lead": ["For the import you need this:", "The shared mailbox:", "Jobs that run next week:"],
        "ack": ["Enjoy your holiday!", "Clear, thanks.", "Good, I'll put it in my calendar.",
                "Have fun, and don't read mail."]},
    "supplier": {
        "subject": ["{project}: statement of work", "visit of the consultants", "ticket {number} with the vendor",
                    "their access", "quote {number}", "remote session {day}",
                    "Visit of the consultants on {day}: what we have to prepare",
                    "Quote {number} for {project} - your opinion?", "remote access for the vendor",
                    "the vendor's answer to our ticket {number}"],
        "ask": ["The consultants ask how they get into {project} next week, what do we tell them?",
                "Has the vendor answered on {number}?", "Did you get a quote for {project} yet?",
                "Can the vendor have a remote session on {day} at {hour}?"],
        "tell": ["The vendor comes on {day}, two people.",
                 "We have the quote for {project}, it's higher than last year.",
                 "They've confirmed the remote session for {day}.",
                 "The contract with the consultants ends this month."],
        "reply": ["I've chased them twice.", "Fine with me if somebody sits next to them.",
                  "They need to sign the NDA first.", "Procurement wants a second offer."],
        "more": ["They charge by the day.", "It's mostly about the interface to {project}.",
                 "I'd keep a week in reserve.", "Their project manager has changed again.",
                 "We shouldn't pay before acceptance.", "The jump host is {host}.", "{name} has the purchase order."],
        "long": ["They were quite helpful on the phone, but I have the feeling that they don't really know the "
                 "product and just read it out of a manual.",
                 "We have been paying for support for years now and hardly ever use it, so I think that we can ask "
                 "for something in return.",
                 "If they're only here for two days then it makes no sense to order badges, and they can sit with "
                 "us and use the guest network.",
                 "I don't mind which of the two we take, but we should decide this week or they'll give the people "
                 "to somebody else.",
                 "It would be good to have all of this in writing, because last time there was a lot of talk and "
                 "in the end nobody could remember."],
        "lead": ["For the consultants:", "They log in like this:", "What they have to deliver:"],
        "ack": ["Okay, I'll call them.", "Agreed.", "Thanks, forwarded.", "Good news at last."]},
    "finance": {
        "subject": ["invoice {number}", "PO {number}", "cost centre for {project}", "approval needed",
                    "budget {project}", "Re-issue {number}", "Invoice {number} - please approve or tell me who can",
                    "reminder for {number}: has this been paid?", "Purchase order for {project} ({number})",
                    "which budget does {project} go on this year?"],
        "ask": ["Which cost centre does {number} go on?", "Can you approve {number} today please, it's overdue.",
                "Have we paid invoice {number} for {project}?", "Could you tell me who ordered this?"],
        "tell": ["Invoice {number} is in the workflow for you.", "The accruals for {project} have to be in by {day}.",
                 "Purchase order {number} has been released.", "I've rejected {number}, the VAT is wrong."],
        "reply": ["Approved.", "It's ours, please use {number}.", "We paid that on {day}, I have the advice here.",
                  "No, that's a duplicate."],
        "more": ["They've sent a reminder already.", "The amount differs by twelve pounds from the order.",
                 "Finance close the month on {day}.", "{name} is the approver after you.",
                 "I can split it over two years if that's better.", "The portal at {url} shows it as open.",
                 "It's a yearly fee."],
        "long": ["I can't find any order for it, and as it's above the limit I would need one before it can be "
                 "paid.",
                 "It was ordered by somebody who has left since, so I don't know what it was for, but we do use "
                 "the thing every day.",
                 "If it's all right with you I'd book it on this year's budget, because there's still some left "
                 "and next year will be tight.",
                 "The supplier has sent it to the wrong company again and they'll have to write a new one, which "
                 "will take a while.",
                 "There was also a credit note in March which nobody seems to have used, and I would like to see "
                 "that come off first."],
        "lead": ["Bank's portal, read only:", "Details:", "The numbers again:"],
        "ack": ["Done.", "Thanks, booked.", "OK I'll tell the supplier.",
                "Perfect, that's the last one for this month."]},
    "audit": {
        "subject": ["audit questions", "evidence for {project}", "user review Q4", "ISO audit on {day}",
                    "list of accounts {project}", "Auditors on {day}: list of what they would like to see",
                    "Please confirm the users of {project} by {day}", "user review: your reply is missing",
                    "Evidence for control {number}"],
        "ask": ["The auditors want a list of everyone with admin rights on {project}.",
                "Do we have evidence that the backups are tested?", "Please confirm the users of {project} by {day}.",
                "Who is the owner of {host}?"],
        "tell": ["The audit is on {day} from {hour}.", "I've collected what we have for the auditors.",
                 "The user review for {project} is due.", "There were two findings on {project}."],
        "reply": ["List attached to the ticket.", "We did a restore test in June.", "Confirmed, but {name} has left.",
                  "Owner is me, unfortunately."],
        "more": ["They sampled ten accounts.", "The shared accounts are what they'll ask about.",
                 "Please don't send anything to them directly.", "It's the same checklist as last year.",
                 "The service account {login} has no owner in the list.",
                 "Anything older than ninety days has to go.", "I need it as a PDF, not as a screenshot."],
        "long": ["They don't want to see the settings, they want to see that somebody has looked at them, and "
                 "that's a different thing altogether.",
                 "I know that it's a pain, but it is only once a year and if we do it properly then they leave us "
                 "alone for the rest of it.",
                 "Some of those accounts are used by machines and nobody would notice if they were switched off "
                 "until the end of the month, so please be careful.",
                 "We could just say that we have no evidence, which would be honest, but then it will be in the "
                 "report and we'd have to explain it.",
                 "I've put in what I had, and if there is anything that you can add then please do it before they "
                 "come."],
        "lead": ["Accounts in question:", "The export:", "Reader account for the auditors:"],
        "ack": ["Good, that closes it.", "Can you add the date of the last login?", "Uploaded.", "They were happy."]},
    "licence": {
        "subject": ["licence {project}", "renewal due {day}", "seats", "maintenance contract {number}",
                    "new key for {project}", "Licence for {project} runs out on {day}, do we renew?",
                    "number of users in {project}", "New licence key for {project} (contract {number})",
                    "maintenance renewal: price increase"],
        "ask": ["Have we renewed {project}? It shows a banner.", "How many seats of {project} do we really use?",
                "Do you have the licence key for {project}?", "Can we cancel {project}? Nobody seems to use it."],
        "tell": ["The licence for {project} runs out on {day}.", "I've renewed {project} for a year.",
                 "The new key for {project} came today.", "We have twelve seats too many."],
        "reply": ["Renewed yesterday, the banner should go.", "About thirty, the rest are leavers.",
                  "It's in the contract folder.", "{name} uses it once a year for the report."],
        "more": ["The price went up by eight per cent.", "You have to enter it on {host} and restart.",
                 "The notice period is three months.", "Our contact there has left.",
                 "They audit us every second year.", "The test key works until {day}."],
        "long": ["It's a bit more than last year and they say that's because of the exchange rate, but I would ask "
                 "them again if I were you.",
                 "I don't think we need all of the modules, and some of them we have paid for since the beginning "
                 "and never even installed.",
                 "If it isn't renewed nothing happens at first, it just stops getting updates, so we do have some "
                 "time to think about it.",
                 "The person who used to look after that is gone, and since then the mails from the vendor have "
                 "been going to a mailbox that nobody reads."],
        "lead": ["Key:", "Customer portal:", "As it says on the certificate:"],
        "ack": ["Entered, thanks.", "OK, let's keep it.", "Then we can give five back.", "Banner's gone."]},
    "change": {
        "subject": ["change {number}", "maintenance on {host}", "patching {day}", "firewall request {number}",
                    "move of {project}", "reboot {host} tonight", "Maintenance on {host} on {day} from {hour}",
                    "Change {number} approved: please plan the downtime",
                    "{host} will be restarted tonight at {hour}", "new firewall rule for {project}, please test"],
        "ask": ["May we reboot {host} tonight?", "Could you open 443 from {host} to {project}?",
                "When does {project} move?", "Is the patch weekend still on?"],
        "tell": ["We'll patch {host} on {day} at {hour}.", "{project} will be on the new server from {day}.",
                 "The firewall rule for {number} is in.", "Change {number} has been approved."],
        "reply": ["Fine, after {hour} please.", "Rule's in, please check.", "Moved to {day} because of month end.",
                  "Yes, nothing has changed."],
        "more": ["Plan for half an hour.", "The old server stays on for a week.",
                 "DNS is set to five minutes already.", "I need somebody from the business to check afterwards.",
                 "Rollback is a snapshot.", "The service desk knows.", "{name} is on call that evening."],
        "long": ["I would like to do it when there's nobody in, but the backup runs at night and the two of them "
                 "don't go together.",
                 "It should only take a few minutes, and if it doesn't work then we go back and try again next "
                 "week, there is no risk in it.",
                 "They'd been asking for this since the summer and now that it's there they have no time to test "
                 "it, so we'll have to do that as well.",
                 "We had some trouble with the last one because the rule was right but on the wrong side, so "
                 "please check it from both.",
                 "If any of you still have a session open at that time then it will be closed, so do save what "
                 "you're working on."],
        "lead": ["From the change:", "To check it, log in with", "Rules:"],
        "ack": ["All up again.", "Checked, works.", "It's slower than before, is that expected?",
                "Thanks for letting me know."]},
    "data": {
        "subject": ["export from {project}", "report for {name}", "SFTP for {project}", "numbers for {day}",
                    "import stopped", "feed {number}", "The monthly export from {project} has not arrived yet",
                    "file on the SFTP server is empty?", "Figures for {name}: a few questions",
                    "import stopped at line {number} - wrong format"],
        "ask": ["Can you run the export from {project} once more? The dates were wrong.",
                "The feed from {project} hasn't come since {day}.", "Where does the report get its figures from?",
                "Could you drop me the file on the SFTP server?"],
        "tell": ["The export is done, {number} rows.", "The import of {project} stopped at line {number}.",
                 "I've changed the report as {name} wanted.", "From {day} the feed comes by SFTP."],
        "reply": ["It's on the server.", "From {project}, the rest is a spreadsheet.",
                  "They changed a column without telling us.", "Restarted, it should be there at {hour}."],
        "more": ["Cancelled orders are in it.", "The separator is a semicolon.", "It's too big for mail.",
                 "Umlauts are broken in Excel, as always.", "The reporting user can only read.",
                 "I compared it with last month and the total fits.", "Tell me if you need another column."],
        "long": ["I've had a look and the numbers are right, but they're not the numbers that you want, because "
                 "those come from the old system.",
                 "It would be easier if they just gave us the whole table and we took what we need, and I've been "
                 "telling them so for a year.",
                 "If you open it by double click then Excel will make a mess of the dates, so please go through "
                 "the import and choose text.",
                 "Some of the lines are there twice and I don't know why, but it has been like that since we "
                 "started and nobody has ever complained."],
        "lead": ["SFTP:", "Reporting database:", "The query:"],
        "ack": ["Got the file.", "Numbers look right now.", "Thanks, that's what I needed.",
                "One column is still empty."]},
    "meeting": {
        "subject": ["{project} call {day}", "agenda", "workshop {project}", "minutes {day}", "steering committee",
                    "moving our meeting", "Agenda for our meeting on {day} at {hour}",
                    "Workshop on {project}: who is coming?", "Status of {project} for the steering committee",
                    "{project}: minutes and open points from {day}"],
        "ask": ["Can we move the {project} call to {day}?", "Do you want me in the workshop?",
                "Could you send me the dial-in again?", "What's the status of {project} for the steering committee?"],
        "tell": ["I've moved our meeting to {day}, {hour}.", "Short minutes from the call:",
                 "The workshop on {project} is on {day}.", "{name} has asked for a status of {project}."],
        "reply": ["{hour} works for me.", "Only if the interface is a topic.", "Green, apart from the test data.",
                  "I'm in another call then."],
        "more": ["The room has no projector.", "Half an hour should do.",
                 "We still need a decision on the login page.", "Test accounts are {name}'s job.",
                 "Go-live stays where it is.", "The users want single sign-on from day one."],
        "long": ["I don't have much to say this time, so if there's nothing from your side either then we could "
                 "also just skip it.",
                 "It would be good to have somebody from the business there as well, because we keep talking about "
                 "things which they've never asked for.",
                 "Most of what was on the list has been done, and what's left is either waiting for the vendor or "
                 "not that important.",
                 "I won't be able to stay for all of it, as I've got another one right after that, but {name} "
                 "knows about everything and can speak for me.",
                 "If we don't get an answer by then I would go on with what we have and change it later when they "
                 "finally know what they want."],
        "lead": ["Dial-in:", "Demo system:", "Open points:"],
        "ack": ["See you there.", "Accepted.", "I'll bring the slides.", "Thanks, nothing to add."]},
    "remote": {
        "subject": ["VPN", "working from home on {day}", "VPN client {version}", "no connection from home",
                    "remote access for {name}", "Can't connect from the hotel", "VPN: new profile for everybody",
                    "{host} from outside?", "question about working from abroad"],
        "ask": ["I'm at home today and the VPN won't let me in, can you see why?",
                "Is there any way to get at {host} from outside?",
                "The client wants a code and I've changed my phone. What do I do now?",
                "Does this work from abroad as well?", "Who can give me remote access, is that still you?"],
        "tell": ["From {day} on the VPN asks for a code from your phone.",
                 "We've got a new profile for the VPN, and the old one stops on {day}.",
                 "You can now work on {host} from home.", "I've sent you the installer for the VPN by the other way."],
        "reply": ["Your certificate has run out, I'm sending you a new one.",
                  "That's the hotel, they block everything that isn't a web page.",
                  "You can use the gateway in the browser, it's at {url}.", "It should work again, can you try?",
                  "Did you get an error or does it just hang?"],
        "more": ["My machine says 'connected' but I can't open anything.", "{name} says it works for her.",
                 "You don't need it for mail.", "I tried it with my own phone as a hotspot too.",
                 "This is the same for all of us.", "There's a guide for this in the wiki.",
                 "Some sites are only open from the office.", "I can call you in ten minutes."],
        "long": ["I can reach the first page and I can type my name, but then it goes round in circles and "
                 "after a while I'm asked for the same code again.",
                 "If you can't wait for this then come to the office, I know it's a long way but you can be "
                 "sure that it works here.",
                 "You need to be in the right group for this, and I can see that you were in it until somebody "
                 "took you out, which I'm looking into now.",
                 "When I look at the list I can see you twice, so I guess that the old session is still there "
                 "and you can't get another one."],
        "lead": ["What you need:", "My screen says", "For the gateway:", "This is in the log:"],
        "ack": ["I'm connected now, thank you so much.", "Still the same.", "That was quick!",
                "It works with the phone.", "I'll come in then."]},
    "shared": {
        "subject": ["shared mailbox", "who looks after the shop account?", "our account with {name}'s supplier",
                    "team account for {project}", "Newsletter tool", "stock photos", "subscription {number}",
                    "account for the booking site", "the account that we use for {project}, who has it?"],
        "ask": ["Do you have the account for the photo site? I need two pictures for {project}.",
                "Who can get at the shared mailbox while I'm away?",
                "How do we log in to the booking site now that {name} has left?",
                "Can I use our account for the newsletter tool?",
                "Is there one account for all of us or do I need my own?"],
        "tell": ["We now have an account at the parcel service.", "I've changed the password of the shared mailbox.",
                 "You can all use the library's account again.",
                 "The subscription was paid, so you can go on using it."],
        "reply": ["{name} has it, I think.", "I can send it to you.", "We all use the same one.",
                  "You would have to ask {name}, I never had it.", "That one was closed because nobody used it."],
        "more": ["Please log out when you're done.", "Only one of us can be in there at a time.",
                 "They send a mail for every order.", "It's paid until the end of the year.",
                 "I wrote it on the board in our office.", "This is not for private things.",
                 "You can change the language at the bottom."],
        "long": ["I know that we're not meant to share it, but they only sell it by the seat and this is "
                 "something that each of us needs twice a year.",
                 "When you get in you'll see everything that the others have ordered, so don't be surprised, "
                 "and please don't touch their lists.",
                 "It was set up with my name and my card, and I would be glad if somebody could take it over "
                 "from me before I leave.",
                 "I was told that this could be done with our normal accounts, but that needs the bigger "
                 "contract and nobody wants to sign it."],
        "lead": ["This is what I have:", "Here you go:", "Our account:", "From the little book:"],
        "ack": ["Found it, thank you.", "Can't get in, did somebody change it?",
                "Great, this is what I was looking for.", "I've put it into our list.",
                "Thanks! I'll be careful with it."]},
    "printing": {
        "subject": ["printer third floor", "scan to mail", "toner", "labels", "copier {number}",
                    "Scanner doesn't send any more", "printing from {project}", "colour prints: new rules",
                    "can you look at our printer when you have a minute?"],
        "ask": ["Our printer wants a PIN now, where do I get that from?",
                "Can you make the scanner send to my mailbox again?",
                "Is anybody else unable to print from {project}?", "Who orders toner these days?"],
        "tell": ["The copier on our floor gets a new drive on {day}.", "You can now print from your phone.",
                 "I've set up the label printer in the post room.",
                 "The scanner uses an account of its own from today."],
        "reply": ["It's the same PIN as for the door.", "I've put your address back into it.",
                  "The queue was stuck, I've emptied it.", "You need the new driver, it's on {host}."],
        "more": ["It prints, but only the first page.", "I could hear it from my desk.",
                 "There's a second one next to the kitchen.", "You can pick it up there whenever you like.",
                 "The man from the service is here on {day}.", "My last hundred pages were all green.",
                 "It can do both sides if you ask it nicely."],
        "long": ["I sent it three times because nothing came out, and now I'm told that all three of them are "
                 "lying on the second floor.",
                 "If you go to its page in the browser then you can see what it thinks is wrong, though most "
                 "of the time it's just the paper.",
                 "We're paying for every page, so can I ask you all to look at what you print before you press "
                 "the button?",
                 "This model is so old that there's no driver for it on the new machines, and I don't think "
                 "that there will be one."],
        "lead": ["The printer's page:", "It shows this:", "Settings for the scanner:"],
        "ack": ["It's printing!", "I have my pages now.", "No, still green.", "Thanks, that helped.",
                "I'll use the other one."]},
    "website": {
        "subject": ["website: text for {project}", "error on our site", "web form", "broken link",
                    "new pictures for the site", "{url}", "The contact form doesn't reach us",
                    "someone should update the page about {project}", "CMS update {version}"],
        "ask": ["Can you put this text on our page about {project}?",
                "The form on our site says 'thank you' but I get nothing. Is this you?",
                "Could you give me access to the CMS? I'd like to change the pictures myself.",
                "Why is there still {name}'s picture on the site?"],
        "tell": ["The new page about {project} is online.", "I've found forty broken links on our site.",
                 "You can edit the news yourself now.",
                 "Our site was slow last night because somebody was copying all of it."],
        "reply": ["Done, please reload it.", "You can do this yourself, I'll show you.",
                  "The form sends to an address that we don't have any more.", "Which page do you mean?",
                  "I can do that on {day}."],
        "more": ["The draft is at {url}/draft.", "It looks fine on my phone.", "Please check the names.",
                 "I'm not a designer, as you can see.", "They want it online before the fair.",
                 "You can see who changed what.", "Click on the pencil at the top.",
                 "The old text is kept for a month."],
        "long": ["I can send you the pictures but they're quite big, so where should I put them so that you "
                 "can get at them without my mailbox falling over?",
                 "When I click on it I get an error with a long number, and when I click again it's all right, "
                 "so I can't really show it to you.",
                 "It's not that I don't like it, but people who look for our phone number can't find it, and "
                 "those are the people who call me.",
                 "You can try it out on the test site first, nobody can see it there and if you break "
                 "something then that's what it's for."],
        "lead": ["The text:", "To edit the pages:", "Test site:", "What I see:"],
        "ack": ["I can see it, thanks!", "Much better.", "There's a typo in my name.", "Online, so we can tell them.",
                "I've changed it back."]},
    "travel": {
        "subject": ["train on {day}", "hotel", "expenses {number}", "visit {day}", "flight", "your visit on {day}",
                    "Expenses: receipts missing", "who is driving on {day}?", "Wifi for our guests on {day}"],
        "ask": ["Have you booked your train yet? We could take the same one.",
                "How do I claim the hotel, is there a form?", "Can our visitors use the guest network on {day}?",
                "When will you be here on {day}?"],
        "tell": ["I'm in the other office on {day}, so call my mobile.",
                 "Your expenses came back because a receipt is missing.", "We'll have four guests on {day}.",
                 "I've booked a room for you near the station."],
        "reply": ["I'm taking the one at {hour}.", "It's all in the expenses tool now, no more paper.",
                  "Reception can print a slip for them.", "I can pick you up.",
                  "I'd rather do this by phone, to be honest."],
        "more": ["The hotel has breakfast from six.", "I need my signature on this too.",
                 "Please send me the number of your car for the gate.", "We could have lunch with {name} before.",
                 "My train was late again.", "You can't miss the building.", "It's twenty minutes on foot."],
        "long": ["I'll be on the train for most of the morning, where I can read my mail but I can't really "
                 "talk, so write to me if there's anything.",
                 "If you could let me know who comes along then I can get their badges ready, because "
                 "otherwise they'd have to wait at the gate.",
                 "I've paid for this with my own card, which I'd rather not do again, and it was six weeks "
                 "until I saw the money.",
                 "You can leave your things in my office, there's a key with reception and they know that "
                 "you're coming."],
        "lead": ["Guest network:", "My booking:", "For the expenses tool:", "The plan:"],
        "ack": ["Booked.", "See you at the station!", "Got my money, thanks.", "I'll tell them.",
                "Perfect, see you then."]},
    "phone": {
        "subject": ["voicemail", "new mobile", "phone {number}", "my SIM card", "conference number", "phones on {day}",
                    "my number is wrong in the directory", "Lost phone - what now?", "your new extension: {number}"],
        "ask": ["How do I listen to my voicemail from outside?", "I've left my phone on the train, can you lock it?",
                "My new mobile wants an account before it does anything. Which one?",
                "Can you send calls for {name} to me this week?"],
        "tell": ["Your new phone is here.", "From {day} we all get new extensions.",
                 "I've changed your entry in the directory.", "The conference number has a new PIN."],
        "reply": ["Locked, and I've ordered a new card.", "It's the last four digits of your old number.",
                  "Use your work account, you can add your own later.", "I've set it up until {day}."],
        "more": ["You can keep your number.", "The battery is no good any more.",
                 "Please bring the old one and the charger.", "I can do this with you in five minutes.",
                 "It rings twice and then it's gone.", "Nobody could reach me yesterday.",
                 "There's an app for this too."],
        "long": ["I've had four calls today for somebody who left years ago, and I was wondering if you can "
                 "find out where they get my number from.",
                 "When you turn it on it asks you a lot of things and you can say no to most of them, but say "
                 "yes when it wants to find itself.",
                 "It's the same as with the old one: you press the star, then your PIN, and then you can hear "
                 "what people wanted from you.",
                 "I don't mind being called at home when something is really broken, but this could have "
                 "waited until the morning."],
        "lead": ["PIN and number:", "For the app:", "It tells me", "Your new phone:"],
        "ack": ["I can hear them now.", "Thank you, I've got it back!", "It rang.", "That's my number, yes.",
                "OK, I'll come by at {hour}."]},
    "sharing": {
        "subject": ["big file", "link to the folder", "can't open {project}.xlsx", "share {project}",
                    "files for {name}", "Folder for {project}: who can see it?", "the file that you sent me",
                    "Moving our files on {day}", "access to the folder"],
        "ask": ["The file is too big for mail, how do I get it to you?",
                "I can see the folder but I can't save anything in it. Can you?",
                "Could you share the folder for {project} with {name}?",
                "Where's the list that you showed us, can I get a copy?"],
        "tell": ["I've put everything into one folder for you.", "Our files move to the new server on {day}.",
                 "You should get a link in a minute.", "I've taken the old versions out."],
        "reply": ["Try it now, I gave you the right to write.", "It's in the folder from last year.",
                  "I can't open it either.", "You have it open on your other machine, that's why."],
        "more": ["The link is only good for a week.", "Please don't send it on.",
                 "There are two of them with nearly the same name.", "You can see who has it open.",
                 "I've made a copy before I changed anything.", "Mine is the one with the date.",
                 "It asks me to log in each time."],
        "long": ["I can open it but when I want to save it says that somebody else is using it, and that's me, "
                 "on the machine in the meeting room.",
                 "If you've got something in there that's yours alone then please take it out before {day}, "
                 "because after that everybody can see it.",
                 "It would be good if we could agree on one place for these, as I've now got three lists and "
                 "each of them is right about something else.",
                 "You can get at it from any browser, which is nice when you're out, but I would not do it on "
                 "a machine that isn't yours."],
        "lead": ["The link:", "To get at it:", "What it says:", "In the folder:"],
        "ack": ["I can save now.", "Got all of them.", "It's the wrong one, but thanks.", "This is the list, yes!",
                "I've copied what I need."]},
    "review": {
        "subject": ["{project}: merge request {number}", "code review", "branch for {project}", "git question",
                    "repo of {project}", "{project} README", "Could you have a look at my changes in {project}?",
                    "permission to push", "clone over ssh fails"],
        "ask": ["Can you look at my changes in {project} when you have time?",
                "I can clone {project} but I can't push, what am I missing?", "Did you mean to delete that file?",
                "Is there a reason why we don't use the library for this?"],
        "tell": ["I've left you some comments in {project}.",
                 "Your branch is behind by a lot, so please bring it up to date.",
                 "We moved the repository of {project} to {host}.", "I've tagged {version} so that you can go on."],
        "reply": ["I'll look at it this afternoon.", "You need to be a developer in that group, now you are.",
                  "No, that was a mistake, I'll put it back.", "Good point, I've changed it.",
                  "I don't like it either but it's what we have."],
        "more": ["The tests are green.", "It's mostly comments.", "I wasn't sure about the name.",
                 "You can squash it if you like.", "Could you explain this to me?",
                 "There's a way to do this in one line.", "See the file next to it.",
                 "My editor changed all the line ends."],
        "long": ["I think this is right but I can't say that I've understood all of it, so if you could "
                 "explain the second part to me then I'd feel better about it.",
                 "When I run it here I get an error in a file that you haven't touched, so it's possible that "
                 "this was broken before and nobody saw it.",
                 "You don't have to do it the way I say, it's only that I've been bitten by this before and "
                 "would like to spare you that.",
                 "It would be easier for me to read if you could make two of it, one that only moves things "
                 "and one that changes them."],
        "lead": ["To clone it:", "The error I get:", "My key is rejected and it says", "How to test it:"],
        "ack": ["Merged, thank you!", "Can push now.", "I see what you mean.", "Fixed all of them but one.",
                "Nice, that's much shorter."]},}
# How a login is labelled, where it is; whose accounts there are; what may stand below.
USER = ["user ", "User: ", "login: ", "Login ", "Username: ", "username = ", "account: ", "ID: ", "Name  ",
        "user name: ", "log in as ", "user=", "User ID: ", "USER: "]
WORD = ["password ", "Password: ", "pass: ", "Pass  ", "pwd: ", "pw: ", "password = ", "passwd ", "password is ",
        "Token: ", "PWD: ", "pass=", "the password: "]
WHERE = ["at ", "URL: ", "link: ", "Address: ", "server: ", "host: ", "Page: ", "where: ", "on ", "go to ", "url ",
         "Server "]
DUTIES = ["backup", "report", "monitor", "batch", "deploy", "admin", "sync", "import", "export", "scan", "print",
          "test", "erp", "crm", "hr", "dwh", "sql", "ftp", "web", "mail", "build", "ops", "audit", "guest", "shop",
          "lab", "store", "payroll", "nightly", "ldap", "api", "hub", "edi", "archive", "service", "support", "info",
          "office", "sales", "readonly"]
BESIDE = ["valid until {day}", "Domain: {domain}", "(read only)", "port {number}", "ask {name} for the rest",
          "tested {hour}", "version {version}", "no VPN needed", "changes every quarter", "case matters"]
OTHERS = [" {day} {hour}  {host}  started\n {day} {hour}  {host}  error {number}",
          "    ERROR {number}: connection reset by peer",
          "  - {project}\n  - {host}, {hour}\n  - ask {name} about {number}",
          " {number}  {project}  {version}\n {number}  {host}  ok",
          "    systemctl status {project}\n    Active: failed (Result: exit-code)",
          "  1. {project}: {name}, {day}\n  2. budget\n  3. {host}",
          "    $ curl -sI {url}\n    HTTP/1.1 502 Bad Gateway\n    server: nginx\n    x-request-id: {number}\n\n   "
          " $ ping {host}\n    64 bytes from {host}: time=0.4 ms", "{host}\n{url}\n{number}",
          "    {host} : {number} : started {hour}\n    {host} : {number} : login failed for user {login}\n    "
          "{host} : {number} : retry\n    {host} : {number} : login failed for user {login}\n    {host} : {number} "
          ": giving up"]
SAID = ["{url}, the login is {login} with {password}.", "You can log in at {url} as {login} ({password}).",
        "The password is {password} for the time being, user {login}.", "Username {login}, password {password}.",
        "It's {login} with {password}.", "On {host} it's {login} and the password {password}.",
        "Use {login} and {password} on {url}, that works from anywhere.",
        "For {url} we all take {login}, password {password}.",
        "Just go to {url} and log in with {login} / {password}.",
        "The account is {login} (password: {password}), on {host}.",
        "I've set the password of {login} to {password}, please try it at {url}.",
        "If it asks, say {login} and {password}.", "They gave me {login} and {password} for {url}.",
        "{login} still has the password {password} there."]
ENDS = ["Let me know.", "Any questions, just ask.", "Thanks in advance.", "I'm in until {hour}.",
        "Sorry for the short notice.", "Hope that helps.", "No rush.", "Please reply to all.", "Could you confirm?",
        "My extension is {number}.", "Thanks for your help with this.", "Tell me how it goes.",
        "I'll be back on {day}.", "Call me if it's easier.", "Let me know what you think.", "Have a nice weekend.",
        "See you on {day}.", "I hope this makes sense.", "Can you let me know by {day}?", "Do you agree?",
        "What do you think?", "I can help with this if you want.", "It can wait until {day}.",
        "{name} can tell you more.", "I'm not sure who else should know.", "Let's talk about this on {day}.",
        "You know where to find me.", "I will be out of the office from {day}.", "Is this OK for you?",
        "If not, please shout.", "I'd be grateful.", "That's all from me.", "Please don't hesitate to ring.",
        "Looking forward to it.", "I owe you a coffee.", "Please keep {name} in the loop.", "Just so that you know.",
        "I'm at my desk all afternoon.", "Does that work for you?", "More when I know more.", "Can you have a look?",
        "Happy to explain it on the phone.", "Then we can close this.", "It would be great to get this done today.",
        "I'd do it myself but I can't.", "And thanks again for the other day.", "Sorry to bother you with this.",
        "Have a good evening.", "I have to run now.", "Please tell the others too.",
        "We can go through it together if you like."]
