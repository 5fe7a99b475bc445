"""What names a person in a description of symptoms: patterns in both languages that leave symptoms alone.

Structured data (phones, mail addresses, ids with a check digit) is found by `core.text.mask`; here stand
names behind a title or "my name is", record and insurance numbers, addresses, dates of birth, and ids whose
check digit is wrong. A name is cut short rather than let it take a clinical word with it: 我叫张伟胸痛 hides
张伟, not 张伟胸. Every pattern is bounded, so reading stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Finder = Callable[[str], Iterator[tuple[int, int]]]
"""Takes a text and yields the ranges of what it finds."""

_HAN = r"\u3400-\u9fff"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧肖蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱侯邹"
    "熊孟秦白江阎闫薛尹段雷黎史陶贺毛郝顾龚邵万覃武钱严莫孔向汤温康施洪龙牛章苗乔庄殷翟倪庞申邢柴梅童岳凌柯费欧房鲁祝俞骆聂齐"
)
_COMPOUND = "欧阳|司马|上官|诸葛|司徒|东方|夏侯|皇甫|尉迟|慕容|令狐|长孙|宇文|公孙|端木|南宫"
_SURNAME = rf"(?:{_COMPOUND}|[{_SURNAMES}])"
_NEVER_IN_NAMES = frozenset(
    "痛疼闷晕昏烧咳喘吐呕泻尿便肿疹癌瘤炎病症药毒血胃肠肝肾肺脑胸腹肚喉咽鼻牙抽搐痉挛瘫麻痒疮伤折孕胎疫疸痢酸胀的了是有在说我你他她它们请让对"
)
_BEGINS_A_COMPLAINT = frozenset(
    "心头手脚腿腰背眼耳口皮肤全身发高低突感觉得了有最近今昨前上下半不没无好被摔撞车喝吃服割烫中想从现在已刚一直总"
    "怀产经月呼吸说来又很太这那两几早晚夜睡走站躺坐颈脖关骨昨自和跟因为到就"
)
_ENDS_A_NAME = re.compile(r"\Z|[\s\d，,。．.、；;：:！!？?（()）<]|[男女]")
_GOES_ON = re.compile(r"今年|昨|今|从|现在|最近|突然|感觉|觉得|因|是|的|说|来自|住")

_ZH_SAYS = re.compile(rf"(?:我叫|我的名字(?:是|叫)|名叫|姓名\s{{0,2}}[:：是为]?\s{{0,2}})(?={_SURNAME})")
_ZH_PATIENT = re.compile(
    rf"(?:患者|病人|患儿)\s?[:：]?\s?({_SURNAME}[{_HAN}]{{1,2}})(?=\s?[，,、（(]?\s?(?:[男女]|\d{{1,3}}\s?岁))"
)
_ZH_TITLED = re.compile(
    rf"{_SURNAME}(?:某某?|[{_HAN}]{{1,2}})?"
    r"(?=先生|女士|小姐|太太|大爷|大妈|大叔|阿姨|奶奶|爷爷|医生|大夫|医师|主任|护士|老师|同学|师傅)"
)
# "Many doctors", "thank you", "a school friend", "it was high, the doctor …": surnames that are words.
_NOT_A_NAME = re.compile(rf"许多|谢谢|高中|(?<=[{_HAN}])[高黄]\Z")
_EN_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|MR|MRS|DR)\b\.?\s{1,2}(?=[A-Z])|\b(?:Miss|Doctor|Professor|Nurse|Sister)\s(?=[A-Z])"
)
_EN_RELATIVE = re.compile(
    r"\b[Mm]y (?:husband|wife|son|daughter|mother|father|mom|mum|dad|brother|sister|baby|partner|friend"
    r"|grandmother|grandfather|grandma|grandpa|uncle|aunt|neighbour|neighbor),? (?=[A-Z])"
)
_EN_SAYS = re.compile(
    r"\b(?:my name(?:'s|’s| is)|name is|i am called|(?:patient(?:'s|’s)? )?name ?:|patient ?:)"
    r"\s{0,2}(?=[A-Za-z])",
    re.IGNORECASE,
)
_EN_CALLS = re.compile(
    r"\b[Tt]his is (?=[A-Z][A-Za-z'’\-]{1,30}(?: [A-Z][A-Za-z'’\-]{1,30})? (?:calling|speaking))"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’\-]{0,30}")
_LOWER_NAME_ENDS = re.compile(
    r"\s{0,2}(?:\Z|[.,;!?\n]|(?:and|i|i'm|i’m|i've|from|calling|here|aged?)\b)", re.IGNORECASE
)
_WORDS = """
a abdomen abdominal about ache aching acute after allergic allergy am an anaphylaxis and ankle anxiety
anxious are arm asthma at attack baby back bad bleed bleeding blood blurred body bone breath breathing
breathless broken bruise burn burning but calf calling can cancer cannot cardiac chest chills choking
chronic cold collapse collapsed coma confused confusion constant constipation cough coughing cramp
cramps cut cyanosis dead dehydrated diabetes diabetic diagnosed diarrhea diarrhoea died dies difficulty
dizziness dizzy drug dying ear elbow emergency epilepsy eye face faint fainted fainting fall fatigue
feel feeling feels fell fever feverish finger fit foot for fracture from gasping had hand has have
having he head headache heart her hip his hives hurts i in infection injury insulin irregular is it
itching jaundice jaw kidney knee left leg lethargic limp lips liver lump lung me medical ms my nausea
neck need needs no none nose not now numb numbness of on overdose pain painful palpitations panic
paralysed paralyzed patient please pneumonia poisoning pregnant problem pulse rash reports right said
says seizure seizures sepsis septic severe she shock shortness shoulder sick skin slurred sore speech
spine stab stabbed stiff stomach stroke sudden suddenly suicidal suicide sweating swelling swollen
syncope takes temperature the they throat to tongue tremor unconscious unknown unresponsive unwell
urgent urine vertigo vision vomit vomiting was weak weakness went wheeze wheezing who with withheld
wound wrist written yellow you your
"""
_NO_NAME = frozenset(_WORDS.split())
"""Words that begin no name: clinical ones, and the small ones of a sentence."""
_RECORD = re.compile(
    r"(?:病历|病案|住院|门诊|登记|就诊卡|诊疗卡|医保卡?|社保卡?|医保电子凭证|参保|患者编|条形码|检验单)\s?(?:号码|编号|号|码|卡号)?"
    r"\s?(?:[:：#为是]|是)?\s?(?=[A-Za-z0-9])|"
    r"\b(?:MRN|medical record(?: number| no\.?)?|health card(?: number)?"
    r"|(?:patient|hospital|insurance|policy|member|NHS|medicare|medicaid|chart|record|case|account)"
    r"\s(?:ID|number|no\.?|#))\s{0,2}(?:is|was|[:#=])?\s{0,2}(?=[A-Za-z0-9])",
    re.IGNORECASE,
)
# One word of it, or groups of three: a longer reach would take the complaint behind it along.
_NUMBER = re.compile(
    r"\d{3} \d{3} \d{4}(?!\d)|[A-Za-z]{0,4}[ -]?\d[A-Za-z0-9\-]{2,23}(?![A-Za-z0-9])", re.ASCII
)
_ID_SHAPED = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}[ -]?(?:18|19|20)\d{6}[ -]?\d{3}[\dXx](?![0-9A-Za-z])")
_BORN = re.compile(
    r"(?:\b(?:DOB|date of birth|born(?: on)?)\b|出生日期|出生年月日?|生日|出生于)\s{0,2}[:：是为]?\s{0,2}"
    r"(\d{4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}日?|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th)? [A-Z][a-z]{2,8},? \d{4}|[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?,? \d{4})",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:微信号?|QQ号?|WeChat(?: ID)?)\s?(?:[:：是]|is)?\s?([A-Za-z][A-Za-z0-9_-]{5,19}|\d{5,11})",
    re.IGNORECASE,
)
_ZH_ADDRESS = re.compile(
    rf"(?:(?:家庭|现|居)?住址|地址|家住|住在|现住)\s?[:：是在]?\s?([{_HAN}A-Za-z0-9\-]{{2,40}}?"
    rf"(?:室|号楼|单元|栋|幢|弄|号|村|小区|街道|镇))(?![{_HAN}]{{0,6}}(?:室|号楼|单元|栋|幢))"
)
_ZH_STREET = re.compile(
    rf"(?:[{_HAN}]{{2,3}}[省市区县]){{0,3}}[{_HAN}]{{2,3}}(?:路|街|大道|巷|胡同)\d{{1,5}}[号弄](?:\d{{1,4}}(?:号楼|栋|幢|单元|号|室)){{0,4}}"
)
_EN_ADDRESS = re.compile(
    r"\b\d{1,5}[A-Za-z]?\s(?:[A-Z][A-Za-z'’]{1,20}\s){1,3}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Court|Way|Place|Square|Terrace|Close|Crescent)\b\.?"
    r"(?:,?\s(?:Apt|Apartment|Flat|Unit|Suite)\.?\s?#?\w{1,6})?"
    r"(?:,\s[A-Z][A-Za-z]{2,20}(?:,?\s[A-Z]{2})?(?:\s\d{5}(?:-\d{4})?)?)?"
)


def _zh_name_end(text: str, start: int) -> int | None:
    """Return where the Chinese name that starts here ends, shorter where a complaint follows it."""
    given = start + (2 if re.match(_COMPOUND, text[start : start + 2]) else 1)
    for certain in (True, False):
        for length in (2, 1):
            end = given + length
            name = text[given:end]
            if len(name) < length or not re.fullmatch(f"[{_HAN}]+", name) or _NEVER_IN_NAMES & set(name):
                continue
            if _ENDS_A_NAME.match(text, end):
                return end
            plain = name[-1] not in _BEGINS_A_COMPLAINT
            follows = _GOES_ON.match(text, end) or text[end : end + 1] in _NEVER_IN_NAMES
            if (plain or length == 1) and (follows or not certain):
                return end
    return None


def _zh_names(text: str) -> Iterator[tuple[int, int]]:
    for match in _ZH_SAYS.finditer(text):
        end = _zh_name_end(text, match.end())
        if end is not None:
            yield match.end(), end
    for match in _ZH_PATIENT.finditer(text):
        if not _NEVER_IN_NAMES & set(match[1]):
            yield match.span(1)
    for match in _ZH_TITLED.finditer(text):
        if not (_NEVER_IN_NAMES & set(match.group()) or _NOT_A_NAME.match(text, match.start(), match.end())):
            yield match.span()


def _en_name(text: str, start: int, *, lower: bool = False) -> tuple[int, int] | None:
    """Return the range of the one or two words of a name that starts here."""
    end = start
    for number in range(2):
        match = _WORD.match(text, end + (number and text[end : end + 1] == " "))
        if match is None or (number and match.start() == end) or match.group().lower() in _NO_NAME:
            break
        capital = match.group()[0].isupper() and not (number and match.group().isupper())
        ends = lower and (not number or bool(_LOWER_NAME_ENDS.match(text, match.end())))
        if not (capital or ends):
            break
        end = match.end()
    return (start, end) if end > start else None


def _en_names(text: str) -> Iterator[tuple[int, int]]:
    for pattern, lower in ((_EN_TITLED, False), (_EN_RELATIVE, False), (_EN_CALLS, False), (_EN_SAYS, True)):
        for match in pattern.finditer(text):
            found = _en_name(text, match.end(), lower=lower)
            if found is not None:
                yield found


def _records(text: str) -> Iterator[tuple[int, int]]:
    for match in _RECORD.finditer(text):
        number = _NUMBER.match(text, match.end())
        if number is not None:
            yield number.span()


def _zh_addresses(text: str) -> Iterator[tuple[int, int]]:
    for pattern, group in ((_ZH_ADDRESS, 1), (_ZH_STREET, 0)):
        for match in pattern.finditer(text):
            start, end = match.span(group)
            # A complaint that ran into the address is left standing.
            clinical = [place for place in range(start, end) if text[place] in _NEVER_IN_NAMES]
            start = clinical[-1] + 1 if clinical else start
            if end - start > 2:
                yield start, end


def _matches(pattern: re.Pattern[str], group: int = 0) -> Finder:
    return lambda text: (match.span(group) for match in pattern.finditer(text))


FINDERS: tuple[tuple[str, Finder], ...] = (
    ("ID", _matches(_ID_SHAPED)),
    ("RECORD", _records),
    ("DOB", _matches(_BORN, 1)),
    ("ACCOUNT", _matches(_ACCOUNT, 1)),
    ("ADDRESS", _zh_addresses),
    ("ADDRESS", _matches(_EN_ADDRESS)),
    ("NAME", _zh_names),
    ("NAME", _en_names),
)
"""Kinds in the order in which they may claim a place."""
