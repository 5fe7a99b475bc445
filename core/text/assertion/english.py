"""English cues; `_` is a blank (see `compiled`). Every repetition is bounded, so the search is linear."""

from __future__ import annotations

import re

from core.text.assertion.statuses import Cues, compiled

_AUX = r"(?:do|does|did|is|are|am|was|were|has|have|had|would|could)(?:n'?t|_not)"
_HAVING = r"""(?:been_)?(?:have|had|having|got|get|getting|experienc\w{1,5}|feel\w{0,3}|felt|notic\w{1,4}
            |report\w{0,3}
    |complain\w{0,5}_of|suffer\w{0,5}(?:_from|_with)?|seem_to_have|appear_to_have|any|in_any|show\w{0,3}
            |see\w{0,3})"""
_KIN = r"""(?:father|mother|dad|daddy|mum|mom|mummy|parents?|grand(?:father|mother|parents?|dad|ma|pa)
            |uncle|aunt|brother
    |sister|cousin|sibling|relatives?)"""
_NUM = "(?:\\d{1,2}|an?|one|two|three|four|five|six|seven|eight|nine|ten|few|several|many|some|couple_of)_"
# "never had pain like this" and "never so bad before" tell of a pain that is there.
_UNLIKE = (
    r"(?![^.!?;\n]{0,80}\b(?:like_(?:this|that|it)|this_(?:bad|severe|much|intense)|so_(?:bad|severe|much)"
)
_UNLIKE += (
    r"|such|before|until|till|as_(?:bad|severe)|worse|this_kind|this_sort|goes|stops|ends|leaves|eases)\b)"
)

_PATTERN = compiled(
    {
        "pseudo": rf"""\b(?:not_only|not_just|not_merely|no_doubt|without_(?:a_)?doubt|no_(?:idea|clue
            |matter|wonder|way)
            |(?:no|without|not_(?:any|much)|little|without_any|no_real)_(?:relief|improvement|change
            |let_?up|response|better|help
                |progress|decrease|reduction|break|explanation|warning|reason|obvious_reason
            |apparent_reason|trigger)
                (?:_(?:of|in|to|from|for|with))?
            |no_(?:increase|worsening)|no_longer|no_more_than|no_less_than|no_sooner
            |not_(?:necessarily|able_to_(?:stop|control|bear|stand|shake)|going_away|go_away
            |getting_(?:any_)?better|get_(?:any_)?better
                |improv\w{{1,4}}|eas\w{{1,4}}|reliev\w{{1,4}}|resolv\w{{1,4}}|respon\w{{1,6}}
            |help\w{{0,3}}
            |settl\w{{1,4}}|stop\w{{0,4}}
                |touch\w{{0,3}}|normal|usual|right|well|good|like|the_same|an?_(?:mild|minor|ordinary
            |normal
            |usual))
            |(?:isn|doesn|didn|won|hasn|aren|wasn|can)'?t_(?:go(?:ing)?_away|gone_away
            |get(?:ting)?_(?:any_)?better|improv\w{{1,4}}
                |eas\w{{1,4}}|help\w{{0,3}}|stop\w{{0,4}}|touch\w{{0,3}}|reliev\w{{1,4}}|settl\w{{1,4}}
            |bear|stand
            |take|ignore)
            |(?:an?|the|my|\d{{1,3}})_?-?(?:few_|short_|long_|brief_|\w{{1,8}}_)?-?(?:day|hour|minute|week
            |min
            |hr)s?'?_(?:long_)?history_of
            |(?:since|from|over|for|during)_(?:the_)?(?:last|past)_(?:year|month|winter|summer|spring
            |autumn|fall)
            |(?:started|began|begun|starting|beginning|onset)_(?:about_|around_)?(?:last_year
            |(?:an?_)?{_NUM}(?:years?|months?)_ago)
            |(?:same_as|(?:just_|exactly_)?like|similar_to|reminds_me_of|as_in|than|than_in
            |worse_than)_(?:in_)?
                (?:my_|the_|his_|her_|when_)?(?:(?:last|previous|prior|first|old
            |earlier)\b)?(?:_years?(?:'?s)?)?
            |before_and_after|no_one|nobody|not_sure_why|without_(?:my_|his_|her_)?(?:inhaler|medication
            |medicine|meds|insulin|oxygen))\b
            |\bno,""",
        "denies": r"""\b(?:den(?:ies|ied|ying|y)(?:_having|_any)?|negative_for|neither|free_of|absence_of
            |ruled_out_for
            |no_(?:signs?|evidence|symptoms?|complaints?)_of|(?:is|was|are)_ruled_out_for)\b""",
        "maybe": r"""\b(?:(?:can(?:not|_not|'?t)|could(?:_not|n'?t)|unable_to|not|difficult_to
            |hard_to)(?:_be)?(?:_fully|_entirely|_yet|_safely)?
                _(?:rule[d]?_out|exclude[d]?)
            |(?:not|never)(?:_been)?_ruled_out|rule_out|r/o|\?_?query|query|possibl[ey]|maybe|perhaps
            |might|may_(?:be|have)|could_(?:be|have)
            |suspect\w{0,3}|suspicious_for|suspicion_of|concern(?:ed|ing|s)?_(?:for|about|of|that)
            |worr(?:y|ied)_(?:that|about|it)|afraid
            |scared_(?:that|it|of)|fear(?:s|ing|ful)?|probabl[ey]|presumed|presumably|likely|seems?|think
            |thinks|thought|wonder(?:ing|s)?
            |not_(?:sure|certain|clear)(?:_if|_whether|_about)?|unsure|unclear|uncertain|(?:don'?t|do_not
            |doesn'?t)_(?:know|think)|whether|what_if_(?:this|it|that)
            |(?:is|could|was|am)_(?:this|it|that|i_having)|versus|vs|differential|no_(?:clear|definite
            |obvious|significant)(?:_\w{1,8})?_(?:signs?|evidence)_of
            |what_(?:should|can|do)_(?:i|we)_do_(?:if|when))\b""",
        "iffy": r"""\b(?:what_if|if_(?:i|he|she|we|they|you|someone|somebody|anyone|one|a_person|people
            |a_patient|a_child)
                _(?:ever_|were_to_|should_|were_|later_|also_)?(?:had|get|gets|got|ever|develop\w{0,3}
            |have_to|suffer\w{0,3}|notice|experience|faint\w{0,2})
            |should_(?:i|he|she|you|they)_(?:ever_)?(?:get|develop|have|notice|experience)|in_case(?:_of
            |_i|_he|_she)?|in_the_event_of|were_(?:i|he|she)_to
            |(?:return|come_back|go_back|call|phone|ring)(?:_\w{1,12}){0,4}_(?:if|for|when)
            |watch(?:ing)?_(?:out_)?for|look(?:ing)?_out_for
            |what_(?:are|is)(?:_the)?(?:_\w{1,10})?_(?:signs?|symptoms?|causes?|risks?|treatments?)_(?:of
            |for)|(?:signs|symptoms)_of_an?
            |(?:prevent|preventing|avoid|prevention_of|screening_for|screened_for|risk_of|risk_factors_for
            |chances?_of|information_(?:on|about)|read(?:ing)?_about
            |leaflet_(?:on|about)|vaccine_(?:for|against)|vaccinated_against)(?:_getting|_having|_an?)?
            |how_(?:do|would|can)_(?:i|you|one|we)_(?:know|recogni[sz]e|spot|tell))\b""",
        "kin": rf"""\bfamily_history(?:_of)?\b|\bfhx?\b
            |\b{_KIN}(?:_and_{_KIN})?(?:_(?:also|once|both|previously|has|have|recently)){{0,2}}
                _(?:had|died|passed|suffered|was_diagnosed|were_diagnosed|was_treated|has_a_history
            |with_a_history|diagnosed|survived|got)\b
            |\b{_KIN}'s(?=_(?:history|death|diagnosis|stroke|heart|attack|infarct\w{{0,4}}|cancer|aneurysm
            |mi
            |diabetes|epilepsy|asthma))
            |\b(?:runs_in_(?:the|my|our)_family|relative(?:s)?_with|family_members?_(?:had|with))\b""",
        "past": rf"""\b(?:(?:past_|previous_|prior_|known_|remote_|medical_|surgical_)*history(?:_of
            |:)(?![^.;\n]{{0,60}}\b(?:today|hours?|hrs?|minutes?|mins?|days?|since)\b)
            |past_medical_history|pmhx?|pmh|h/o|hx_of|hx|s/p|status_post|previous(?:ly)?|prior(?!_to)
            |formerly|used_to_(?:have|get|suffer)
            |last_year|{_NUM}years?_ago|\d{{1,2}}_?(?:yrs?|y)_ago|(?:(?:two|three|four|five|six
            |seven|eight|nine|ten|several|many|\d{{1,2}})_)months_ago
            |in_(?:19|20)\d\d|back_in_(?:19|20)\d\d|(?:as|when_i_was)_an?_(?:child|kid|teenager|boy|girl
            |baby)|in_(?:my|his|her)_(?:childhood|youth)|years_back)\b""",
        "no": rf"""\b(?:no|without(?:_any)?|w/o|lacks?|lacking|absent|nor|never{_UNLIKE}(?:_(?:had|have
            |has|felt|experienced|been|any|get|gets|got))?
            |{_AUX}_{_HAVING}|not_(?:{_HAVING}|in|an?|associated_with|accompanied_by|present_with)|nil
            |none_of|ruled_out
            |(?:isn|aren|wasn|weren)'?t_(?:an?|any)|not_a_case_of|rather_than|instead_of|zero)\b
            |(?<![\w-])(?:-ve|neg)\b""",
        "no_after": r"""(?<=[:?=(\-–])_{0,2}(?:no|none|nil|negative|neg|denied|denies|absent|n|never|-
            |0)(?=_{0,2}(?:[,.;)\]\n/|]|$|_and_|_but_))
            |\((?:-|–|neg|negative)\)|\b(?:(?:is|was|are|were)_)?(?:absent|not_present|negative)\b
            |\?_(?:no|none|nope)\b""",
        "out_after": r"""\b(?:(?:is|was|were|are|been|be)_)?(?:denied|ruled_out|excluded)\b
            |\b(?:all_)?(?:are|were|is|was)_(?:all_)?absent\b""",
        "maybe_after": r"""\b(?:(?:is|was|were|are|seems?)_)?(?:suspected|possible|likely|unlikely
            |questionable|in_question)\b
            |\b(?:has|have|was|is)_not_(?:yet_)?been_(?:ruled_out|excluded)\b|\b(?:can(?:not|'?t
            |_not)_be)_(?:ruled_out|excluded)\b""",
        "past_after": rf"""\b(?:{_NUM}years?_ago|years_(?:ago|back)|last_year|\d{{1,2}}_?(?:yrs?
            |y)_ago|in_(?:19|20)\d\d|as_an?_(?:child|kid|teenager|baby)
            |when_(?:i|he|she)_was_(?:an?_)?(?:child|kid|young|little|small|teenager|\d{{1,2}})|(?:two
            |three
            |four|five|six|several|many|\d{{1,2}})_months_ago)\b""",
        "kin_after": rf"""\b(?:runs_in_(?:the|my|our|his|her)_family|in_(?:the|my|his|her|our)_family
            |in_(?:my|his|her|the)_{_KIN})\b""",
        "recent": rf"""\b(?:now|today|tonight|currently|at_present|this_(?:morning|afternoon|evening|hour
            |minute)|just|yesterday|right_away
            |{_NUM}(?:minutes?|mins?|hours?|hrs?)_ago|suddenly|at_the_moment|again|last_night
            |started|since)\b""",
        "stop": r"""\b(?:but|however|although|though|yet|except|apart_from|aside_from|other_than|besides
            |still|which|because|since|as_well_as_i
            |and_(?:now|then|today|is|was|has|have|had|also_has|i|he|she|my|the|feels?|her|his|it
            |complain\w{0,5}|report\w{0,3}|present\w{0,3}|severe|sudden\w{0,2}|also)
            |only|complain\w{0,5}|c/o|present(?:s|ed|ing)?(?:_to|_with)|admits?|endorses?|positive_for
            |reports?|states?|now|today|tonight|then|so|started|began
            |i|i'?m|i'?ve|my|he|he's|she|she's|we|they|her|his|it|it's|there_(?:is|are|was)|has|have
            |having|feels?|is|are|am|was|were|had|gets|got|who|while|secondary_to|due_to|causing)\b
            |:(?=_?(?:yes|present|positive|severe))|(?<=[ ])[-–]_|—""",
    }
)

ENGLISH = Cues(
    pattern=_PATTERN,
    reach=70,
    joins=re.compile(r"\b(?:or|nor)\b|/"),
    doubts=re.compile(r"[,&+]|\b(?:and|plus|with)\b"),
    ends_list=re.compile(r"\b(?:or|nor)\b"),
)
