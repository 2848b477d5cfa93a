// SPDX-License-Identifier: Bitstream-Vera
/*
 * DejaVu Sans Bold 2.37, 28 px, printable ASCII. Written by tools/make_font.py.
 *
 * Copyright (c) 2003 by Bitstream, Inc. All Rights Reserved. Bitstream Vera is
 * a trademark of Bitstream, Inc. DejaVu changes are in public domain. The
 * permission notice is LICENSE-DejaVu.txt.
 */
#include "core/picture/font.h"

/* clang-format off */
const struct font_glyph font_glyphs[FONT_GLYPHS] = {
    {0, 0, 0, 0, 156,
     ""},
    {3, -21, 6, 21, 204,
     "0666651ffffd1ffffd1ffffd1ffffd1ffffd1ffffd1ffffd1ffffc0efffb0cfff90bfff7"
     "09fff507fff30122200000001ddddb1ffffd1ffffd1ffffd1ffffd"},
    {2, -21, 10, 9, 234,
     "26650026655ffe005ffe5ffe005ffe5ffe005ffe5ffe005ffe5ffe005ffe5ffe005ffe5f"
     "fe005ffe1443001443"},
    {1, -21, 21, 21, 376,
     "00000000122100022200000000000bff4001ffe00000000000fff1005ffa00000000004f"
     "fc0009ff700000000008ff8000dff30000000000bff4001ffe0000007ddddfffdddefffd"
     "dd7008fffffffffffffffff8008fffffffffffffffff8001222cff6223ffe22221000001"
     "fff1005ffb00000000004ffc0009ff700000022228ff9222dff5222002ffffffffffffff"
     "ffff002ffffffffffffffffff001dddefffdddeffedddd0000007ff9000cff4000000000"
     "0bff5001ffe00000000000eff1005ffb00000000003ffd0008ff700000000007ff9000cf"
     "f30000000"},
    {2, -22, 16, 27, 312,
     "00000014300000000000005fd00000000000005fd00000000000006fd10000000017cfff"
     "ffeca72004efffffffffff502effffffffffff508fffe56fd1359e50bfff905fd0000010"
     "cfffb05fd0000000affffbafd00000006ffffffffec830000bfffffffffffa10007dffff"
     "ffffffb0000037bffffffff40000005fd39ffff70000005fd00dfff97300005fd00cfff8"
     "cfc8526fd38ffff4cfffffffffffffb0bffffffffffffb10047acefffec940000000005f"
     "d00000000000005fd00000000000005fd00000000000005fd00000000000001220000000"},
    {0, -21, 28, 22, 448,
     "00028aba61000000004bb8000000006ffffffd30000000dff300000004fffb8dffd10000"
     "07ff900000000bffc002fff700002efe100000000fff6000bffa0000aff5000000001fff"
     "50009ffc0004ffb0000000001fff5000affc000dff30000000000eff8000cff9007ff800"
     "0000000008ffe205fff402efd1000000000001dfffefffa00aff500000000000002bffff"
     "f8004ffb0016abb82000000025541001dff202dffffff700000000000008ff801dffd8bf"
     "ff5000000000002ffd106fff200bffc00000000000bff500affc0006fff10000000005ff"
     "b000cffa0004fff2000000001dff2000bffa0005fff2000000008ff800009ffd0007ffe0"
     "00000002ffd000004fff602dff900000000bff40000009fffefffe200000005ffa000000"
     "008effffb2000000004662000000000145520000"},
    {1, -21, 22, 22, 390,
     "000000169bba9630000000000006effffffff700000000006ffffffffff70000000001ef"
     "fffb88aef70000000003ffffb00000550000000004ffffa00000000000000001fffff300"
     "000000000000008ffffd2000000000000001afffffc10000044441002dfffffffc10000f"
     "fff401dfffffffffa0002ffff109ffff73effff9006fffd01efffc005fffff80cfff903f"
     "fff70006fffffbffff305ffff700007ffffffffb004ffffb000009ffffffe2001fffff50"
     "0000bfffff70000afffff93249ffffffe20002effffffffffffffffd10003dffffffffff"
     "ddffffc100018dffffffc602dffffb0000002555410000000000"},
    {2, -21, 4, 9, 138,
     "26655ffe5ffe5ffe5ffe5ffe5ffe5ffe1443"},
    {2, -22, 9, 26, 204,
     "0000244420001efff30008fffa0001efff30008fffc0001efff70005ffff2000afffc000"
     "0efff90003ffff60006ffff40008ffff20009ffff10009ffff10008ffff10007ffff3000"
     "5ffff50002ffff70000dfffa00008fffe00003ffff40000bfff900004fffe10000cfff70"
     "0004fffd000008bbb4"},
    {2, -22, 9, 26, 204,
     "3444100006fffb00000dfff500006fffd00001efff50000afffb00005ffff20001ffff70"
     "000cfffb00009ffff00007ffff30005ffff40004ffff60004ffff60005ffff50006ffff4"
     "0008ffff1000afffd0000efffa0003ffff50007fffe0000cfff80003ffff2000afff9000"
     "2fffe10006bbb60000"},
    {0, -21, 14, 14, 234,
     "0000009b600000000000df700000031000df7000311ee710df702af93dffd6df99fffa00"
     "6dfffffffb3000007ffffe40000006dfffffc40006dffdefceffb33ffe60df729ffd0981"
     "00df7003b5000000df700000000000df70000000000034200000"},
    {2, -18, 19, 18, 376,
     "000000007883000000000000000dff5000000000000000dff5000000000000000dff5000"
     "000000000000dff5000000000000000dff5000000000000000dff5000000006666666eff"
     "966666631fffffffffffffffff71fffffffffffffffff70dddddddfffedddddd60000000"
     "0dff5000000000000000dff5000000000000000dff5000000000000000dff50000000000"
     "00000dff5000000000000000dff5000000000000000dff50000000"},
    {1, -6, 7, 10, 170,
     "014444302ffffc02ffffc02ffffc02ffffc05ffff609fffb00dffe202fff6006ffb000"},
    {1, -10, 10, 4, 186,
     "7ffffffff27ffffffff27ffffffff27ffffffff2"},
    {2, -6, 6, 6, 170,
     "1444432ffffc2ffffc2ffffc2ffffc2ffffc"},
    {0, -21, 11, 24, 164,
     "000000056610000001ffe00000006ffa0000000bff50000001fff10000005ffa0000000a"
     "ff60000000eff10000004ffb00000009ff70000000dff20000003ffc00000008ff800000"
     "00dff30000002ffd00000007ff90000000cff40000001ffe00000006ff90000000bff500"
     "00001ffe10000005ffa0000000aff6000000089910000000"},
    {1, -21, 18, 22, 312,
     "0000037abb951000000002bfffffffe60000002dffffffffff800000cfffffeefffff500"
     "06ffffd3008ffffd000dffff50000cffff502ffffe000007ffffa06ffffc000005ffffd0"
     "8ffffa000003fffff09ffff9000002fffff1affff9000002fffff2affff9000002fffff2"
     "9ffffa000003fffff17ffffb000004ffffe05ffffd000006ffffc01fffff100009ffff80"
     "0affff80001effff3003fffff845dffffa00008fffffffffffe2000009fffffffffe3000"
     "00005cfffffe910000000000246530000000"},
    {3, -21, 15, 21, 312,
     "0001466665000006adffffffe00000dffffffffe00000dffffffffe00000dfda8ffffe00"
     "00041001ffffe0000000001ffffe0000000001ffffe0000000001ffffe0000000001ffff"
     "e0000000001ffffe0000000001ffffe0000000001ffffe0000000001ffffe0000000001f"
     "fffe0000000001ffffe0000000001ffffe000008bbbcfffffbbbb6bfffffffffffff8bff"
     "fffffffffff8bfffffffffffff8"},
    {2, -21, 16, 21, 312,
     "00268abba85100007dfffffffffe6000bffffffffffff800bffffeefffffff40bfc61002"
     "afffffa0940000000cffffd00000000007ffffe00000000006ffffc0000000000bffff80"
     "000000005ffffe1000000004effff4000000006fffff6000000007fffff5000000009fff"
     "fe400000001bffffd300000002cffffc200000003dffffb100000000cfffffddddddddd1"
     "cffffffffffffff1cffffffffffffff1cffffffffffffff1"},
    {1, -21, 17, 22, 312,
     "001479bbba861000003fffffffffff910004ffffffffffffc0004fffedefffffff6004b6"
     "200018fffffa00000000000affffb000000000008ffffa00000000000cffff6000001223"
     "5bffffb0000009fffffffe800000009fffffffc600000009fffffffffb10000024447cff"
     "fff9000000000008ffffe100000000001fffff300000000001fffff417100000008fffff"
     "22ffb75446cfffffd02ffffffffffffff402ffffffffffffe50017bffffffffd82000000"
     "03456541000000"},
    {1, -21, 18, 21, 312,
     "00000000466666200000000003ffffff40000000000cffffff40000000008fffffff4000"
     "000003ffffffff400000000cffdbffff400000008fff4affff40000003fff90affff4000"
     "001dffd10affff4000008fff400affff400003fff8000affff40001dffd1000affff4000"
     "8fff30000affff4000bffd88888dffffa881bffffffffffffffff3bffffffffffffffff3"
     "bffffffffffffffff3344444444cffff7441000000000affff4000000000000affff4000"
     "000000000affff4000"},
    {2, -21, 16, 22, 312,
     "06666666666666001fffffffffffff101fffffffffffff101fffffffffffff101ffff988"
     "888888001ffff200000000001ffff200000000001ffff9abb96100001fffffffffff9100"
     "1ffffffffffffc101ffffedfffffff901d8410016efffff10000000004fffff500000000"
     "00dffff70000000000bffff80000000000effff7b710000008fffff3dfea6446bfffffd0"
     "dfffffffffffff40dfffffffffffe40027cfffffffe810000001355542000000"},
    {1, -21, 17, 22, 312,
     "000000269bba96200000019fffffffff800003dffffffffffa0002efffffecceffa000af"
     "fffc30000278003ffffd100000000009ffff500000000000dfffe015776200001ffffdaf"
     "fffffb3003fffffffffffffe404fffffffeefffffe14ffffff6003effff83fffffa00006"
     "ffffc2fffff700002ffffe0effff600002ffffe0affff700002ffffd05ffffa00006ffff"
     "a00dffff6003effff4004fffffeefffff900005efffffffffa0000002affffffc5000000"
     "00014554200000"},
    {1, -21, 17, 21, 312,
     "166666666666666612fffffffffffffff42fffffffffffffff42fffffffffffffff31888"
     "888888bffffc00000000000bffff600000000003ffffd00000000000affff70000000000"
     "2ffffe100000000009ffff800000000001effff200000000007ffffa00000000001effff"
     "300000000006ffffb00000000000dffff400000000005ffffc00000000000cffff500000"
     "000003ffffd00000000000affff700000000002ffffe100000000009ffff800000000"},
    {1, -21, 17, 22, 312,
     "0000269bbba840000001afffffffffd40001cffffffffffff5007fffffb89effffe00bff"
     "ff90002fffff30cffff30000bffff40bffff30000bffff307ffff70001efffd000cffff9"
     "67dffff400019effffffffc4000005bfffffffe810000afffffdeffffe3008ffffa1005e"
     "fffe11ffffe100008ffff74ffffb000004ffffa4ffffb000004ffffb3ffffe100008ffff"
     "a0effffa1005effff607ffffffdefffffd1009fffffffffffe300005bfffffffe8100000"
     "00135654200000"},
    {1, -21, 17, 22, 312,
     "0000169bba83000000007efffffffb200000affffffffffe30007ffffe98bffffd101eff"
     "ff30009ffff705ffffb00002ffffe07ffff800000effff38ffff800000effff77ffffa00"
     "001fffff94ffffe10006fffffa0dffffc548ffffffa05ffffffffffffffa006ffffffffe"
     "ffff900029efffd77ffff700000012100affff300000000002efffd00100000001bffff7"
     "003e953237dffffd0003fffffffffffe30003ffffffffffd300002beffffffd710000000"
     "03455420000000"},
    {3, -16, 6, 16, 180,
     "566660dffff1dffff1dffff1dffff1bdddd1000000000000000000000000344440dffff1"
     "dffff1dffff1dffff1dffff1"},
    {1, -16, 8, 20, 180,
     "0056666000dffff100dffff100dffff100dffff100bdddd1000000000000000000000000"
     "000000000034444000dffff100dffff100dffff100dffff101ffffa004fffe1008fff500"
     "0dffa0002ffe1000"},
    {2, -17, 19, 16, 376,
     "0000000000000000165000000000000005aff70000000000039effff70000000028dffff"
     "ffe60000016cfffffffa5100015afffffffb61000009effffffb6100000001fffffc7200"
     "000000001ffffd61000000000000effffffb6100000000015bfffffffa5100000000017c"
     "ffffffea5000000000028dffffffe93000000000049efffff700000000000005afff7000"
     "00000000000016c7"},
    {2, -14, 19, 10, 376,
     "08888888888888888841fffffffffffffffff71fffffffffffffffff70bbbbbbbbbbbbbb"
     "bbb60000000000000000000000000000000000000004444444444444444421ffffffffff"
     "fffffff71fffffffffffffffff71fffffffffffffffff7"},
    {2, -17, 19, 16, 376,
     "08300000000000000001ffd7200000000000001fffffb6100000000000dfffffffa50000"
     "00000038dffffffe93000000000039effffffd82000000000049effffffc400000000000"
     "49effff700000000000039ffff700000000038dffffff700000038dffffffd82000027df"
     "fffffe94000007cfffffffa500000001ffffffc610000000001fffd720000000000001e9"
     "3000000000000000"},
    {1, -21, 14, 21, 260,
     "0000356541000007bfffffffb3001fffffffffff401fffffffffffd01ffa5227fffff41a"
     "2000009ffff6000000009ffff600000001effff20000001bffffa0000002cffffd100000"
     "1dffffc2000000bffffb10000002ffffe100000004ffffb0000000002222100000000000"
     "000000000003dddd9000000004ffffa000000004ffffa000000004ffffa000000004ffff"
     "a00000"},
    {1, -20, 25, 25, 448,
     "000000000379bba851000000000000006dfffffffffa300000000003cffffecbceffff90"
     "00000004effd720000039fffb1000004fff810000000002cffb00001eff5000000000000"
     "1bff70009ff6000026761044301dfe102ffb00008ffffe5ffc005ff607ff40008ffffffe"
     "ffc000efb0cfd0002fff8118fffc000afe0ff90008ffc0000bffc0008ff2ff7000aff700"
     "006ffc0008ff2ff6000bff600005ffc000afd2ff7000bff700006ffc001efa0ff90008ff"
     "b0000affc008ff50cfd0003fff6006fffc18ffb008ff3000afffeefeffffffc1002ffb00"
     "00afffff6ffffe810000aff60000489830aa8510000002eff40000000000000000000004"
     "fff700000000005d1000000005fffd61000015cff90000000003dffffdcbdffffe700000"
     "0000007dffffffffe920000000000000037abba8510000000"},
    {0, -21, 22, 21, 346,
     "000000026666660000000000000009ffffff400000000000001effffffa0000000000000"
     "6ffffffff1000000000000bffffffff6000000000002ffffdffffc000000000007ffff7c"
     "ffff20000000000dffff27ffff80000000003ffffc02ffffd0000000009ffff600bffff4"
     "00000000effff1006ffffa00000005ffffb0001ffffe1000000bffff60000bffff600000"
     "1fffff88888bffffb000007ffffffffffffffff20000cffffffffffffffff70003ffffff"
     "fffffffffffd0008ffffa44444444effff400effff4000000009ffff905ffffe00000000"
     "04ffffe1affff90000000000effff5"},
    {2, -21, 18, 21, 342,
     "2666666665420000006fffffffffffea30006ffffffffffffff5006ffffffffffffffe10"
     "6ffffd2223afffff506ffffd00000dffff806ffffd00000bffff806ffffd00001effff50"
     "6ffffd6667cffffd006fffffffffffffc2006fffffffffffff91006ffffffffffffffd20"
     "6ffffd22225dffffb06ffffd000003fffff26ffffd000000effff56ffffd000000effff5"
     "6ffffd000006fffff46ffffe8888bfffffe06fffffffffffffff606ffffffffffffff700"
     "6fffffffffedb72000"},
    {1, -21, 18, 22, 328,
     "0000000379bbb96200000006dfffffffffc50002cffffffffffffb002dfffffffffffffb"
     "00cfffffd620025afb06fffffb10000000270dffffd100000000003fffff600000000000"
     "6fffff2000000000008ffffe0000000000009ffffd0000000000009ffffd000000000000"
     "8ffffe0000000000005fffff3000000000001fffff9000000000000bfffff30000000001"
     "03fffffe500000018b008ffffffc8668bffb0009fffffffffffffb00007efffffffffffb"
     "0000018dfffffffc71000000001456531000"},
    {2, -21, 20, 21, 372,
     "266666655431000000006fffffffffffd82000006ffffffffffffff910006fffffffffff"
     "ffffc1006ffffe888adffffffc006ffffd000005dfffff706ffffd0000002dffffe16fff"
     "fd00000005fffff56ffffd00000000effff96ffffd00000000bffffb6ffffd00000000af"
     "fffc6ffffd00000000affffb6ffffd00000000cffffa6ffffd00000001fffff76ffffd00"
     "000008fffff36ffffd0000006fffffc06ffffd00014affffff406fffffddeffffffff800"
     "6fffffffffffffff70006fffffffffffffc300006fffffffedca73000000"},
    {2, -21, 16, 21, 306,
     "26666666666666406fffffffffffffc06fffffffffffffc06fffffffffffffc06ffffe88"
     "888888606ffffd00000000006ffffd00000000006ffffd00000000006ffffe8888888820"
     "6fffffffffffff406fffffffffffff406fffffffffffff406ffffd66666666106ffffd00"
     "000000006ffffd00000000006ffffd00000000006ffffd00000000006fffffddddddddd1"
     "6ffffffffffffff16ffffffffffffff16ffffffffffffff1"},
    {2, -21, 15, 21, 306,
     "2666666666666646fffffffffffffc6fffffffffffffc6fffffffffffffc6ffffe888888"
     "8866ffffd0000000006ffffd0000000006ffffd0000000006ffffe8888888826ffffffff"
     "fffff46fffffffffffff46fffffffffffff46ffffd6666666616ffffd0000000006ffffd"
     "0000000006ffffd0000000006ffffd0000000006ffffd0000000006ffffd0000000006ff"
     "ffd0000000006ffffd000000000"},
    {1, -21, 20, 22, 368,
     "0000000379bbba863000000006dffffffffffd810002bffffffffffffff2002dffffffff"
     "fffffff200cfffffe7310136aff206fffffc1000000001820dffffd10000000000003fff"
     "ff600000000000006fffff200000000000008ffffe000002666666659ffffd000004ffff"
     "fffe9ffffd000004fffffffe8ffffe000004fffffffe5fffff300001223ffffe1fffff90"
     "0000001ffffe0bfffff30000001ffffe03fffffe5000001ffffe008ffffffc8667affffe"
     "0009fffffffffffffffe00007efffffffffffffa0000018dfffffffeb720000000001456"
     "54200000"},
    {2, -21, 19, 21, 374,
     "26666500000002666656ffffd00000006ffffd6ffffd00000006ffffd6ffffd00000006f"
     "fffd6ffffd00000006ffffd6ffffd00000006ffffd6ffffd00000006ffffd6ffffd00000"
     "006ffffd6ffffe8888888bffffd6fffffffffffffffffd6fffffffffffffffffd6ffffff"
     "fffffffffffd6ffffd66666669ffffd6ffffd00000006ffffd6ffffd00000006ffffd6ff"
     "ffd00000006ffffd6ffffd00000006ffffd6ffffd00000006ffffd6ffffd00000006ffff"
     "d6ffffd00000006ffffd6ffffd00000006ffffd"},
    {2, -21, 6, 21, 166,
     "2666656ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd"
     "6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd6ffffd"},
    {-2, -21, 10, 27, 166,
     "000026666500006ffffd00006ffffd00006ffffd00006ffffd00006ffffd00006ffffd00"
     "006ffffd00006ffffd00006ffffd00006ffffd00006ffffd00006ffffd00006ffffd0000"
     "6ffffd00006ffffd00006ffffd00006ffffd00006ffffd00007ffffc00009ffffb0002ef"
     "fff9247dfffff49fffffffc09ffffffd209fffff91005997510000"},
    {2, -21, 21, 21, 348,
     "2666650000000466666206ffffd0000007fffff9006ffffd000007fffff90006ffffd000"
     "08fffff900006ffffd0008fffff9000006ffffd008fffff80000006ffffd09fffff80000"
     "0006ffffd9fffff8000000006ffffffffff80000000006fffffffff700000000006fffff"
     "fffe100000000006fffffffffd10000000006ffffffffffd2000000006ffffd9fffffd20"
     "0000006ffffd09fffffd20000006ffffd009fffffd2000006ffffd0009fffffd200006ff"
     "ffd00009fffffd20006ffffd000009fffffd2006ffffd0000008fffffd206ffffd000000"
     "08fffffd2"},
    {2, -21, 16, 21, 286,
     "26666500000000006ffffd00000000006ffffd00000000006ffffd00000000006ffffd00"
     "000000006ffffd00000000006ffffd00000000006ffffd00000000006ffffd0000000000"
     "6ffffd00000000006ffffd00000000006ffffd00000000006ffffd00000000006ffffd00"
     "000000006ffffd00000000006ffffd00000000006ffffd00000000006fffffddddddddd1"
     "6ffffffffffffff16ffffffffffffff16ffffffffffffff1"},
    {2, -21, 24, 21, 446,
     "2666666200000000366666626ffffffa00000000cffffff46fffffff10000003fffffff4"
     "6fffffff7000000afffffff46fffffffd000001ffffffff46ffffffff500007ffffffff4"
     "6ffffcfffc0000dfffdffff46ffff8dfff3005fffbaffff46ffff86fff900cfff4affff4"
     "6ffff81efff13fffd0affff46ffff808fff79fff60affff46ffff802fffdfffe10affff4"
     "6ffff800bffffff900affff46ffff8004ffffff200affff46ffff8000dffffb000affff4"
     "6ffff80006ffff4000affff46ffff80001effd0000affff46ffff8000012210000affff4"
     "6ffff8000000000000affff46ffff8000000000000affff46ffff8000000000000affff4"},
    {2, -21, 19, 21, 374,
     "26666630000001666656fffffd0000002ffffd6ffffff7000002ffffd6ffffffe100002f"
     "fffd6fffffff800002ffffd6fffffffe10002ffffd6ffffffff90002ffffd6ffffbffff2"
     "002ffffd6ffff8afffa002ffffd6ffff82ffff302ffffd6ffff809fffa02ffffd6ffff80"
     "2efff32ffffd6ffff8008fffb2ffffd6ffff8001efff6ffffd6ffff80007fffeffffd6ff"
     "ff80001dfffffffd6ffff800006fffffffd6ffff800000dffffffd6ffff8000005ffffff"
     "d6ffff8000000cfffffd6ffff80000004fffffd"},
    {1, -21, 22, 22, 380,
     "000000158abba840000000000019fffffffffe7100000004effffffffffffd2000004fff"
     "ffffffffffffd20001dfffff93014bfffffb0008fffff60000009fffff500effffb00000"
     "001dffffb03fffff5000000008fffff16fffff1000000004fffff38ffffe0000000002ff"
     "fff59ffffd0000000001fffff69ffffd0000000001fffff68ffffe0000000002fffff55f"
     "ffff2000000005fffff22fffff700000000affffe00cffffd10000003fffff9005fffffb"
     "100002dfffff2000bfffffe8669efffff700001cffffffffffffffa0000001afffffffff"
     "fff70000000003aeffffffe92000000000000035654200000000"},
    {2, -21, 18, 21, 328,
     "2666666666530000006ffffffffffffa30006ffffffffffffff6006fffffffffffffff50"
     "6ffffd6667bfffffd06ffffd000009fffff36ffffd000002fffff56ffffd000001fffff5"
     "6ffffd000004fffff46ffffd00002dfffff16ffffebbbcffffffa06ffffffffffffffe20"
     "6fffffffffffffc2006fffffffffec9400006ffffd0000000000006ffffd000000000000"
     "6ffffd0000000000006ffffd0000000000006ffffd0000000000006ffffd000000000000"
     "6ffffd000000000000"},
    {1, -21, 22, 26, 380,
     "000000158abba851000000000019fffffffffe8100000004effffffffffffd2000004fff"
     "ffffffffffffe20001dfffff93014bfffffc0008fffff60000009fffff500effffb00000"
     "001dffffb03fffff5000000008fffff16fffff1000000004fffff38ffffe0000000002ff"
     "fff59ffffd0000000001fffff69ffffd0000000001fffff68ffffe0000000002fffff46f"
     "ffff2000000005fffff22fffff600000000affffd00cffffd10000003fffff8005fffffa"
     "100002dffffe2000bfffffe8669efffff600001cffffffffffffff90000001afffffffff"
     "ffe70000000003aefffffffe200000000000003558ffff9000000000000000008ffff700"
     "000000000000000affff500000000000000000bffff4000000000000000012222100"},
    {2, -21, 19, 21, 344,
     "26666666654200000006fffffffffffe9100006fffffffffffffe30006ffffffffffffff"
     "c0006ffffd6668efffff3006ffffd00003fffff5006ffffd00000dffff6006ffffd00000"
     "effff4006ffffd00003ffffe1006ffffd6668effff70006fffffffffffff700006ffffff"
     "fffffe4000006ffffffffffffe400006ffffd668effffe20006ffffd0002effffb0006ff"
     "ffd00005fffff4006ffffd00000dffffb006ffffd000005fffff406ffffd000000dffffb"
     "06ffffd0000005fffff46ffffd0000000dffffb"},
    {2, -21, 17, 22, 322,
     "000159bbba9741000007effffffffffa0009ffffffffffffc005fffffffffffffc00bfff"
     "fa310136aec00efffd000000001400ffffd000000000000effff810000000000bffffffc"
     "9630000004ffffffffffe9200007ffffffffffff600004bfffffffffff40000026adffff"
     "fffc00000000016dfffff000000000002fffff240000000000fffff1cd610000005ffffe"
     "0cfffc8667afffffa0cffffffffffffff30cfffffffffffff50016adfffffffea3000000"
     "01355553000000"},
    {0, -21, 19, 21, 306,
     "5666666666666666665dfffffffffffffffffedfffffffffffffffffedffffffffffffff"
     "fffe6888888fffff98888870000001fffff30000000000001fffff30000000000001ffff"
     "f30000000000001fffff30000000000001fffff30000000000001fffff30000000000001"
     "fffff30000000000001fffff30000000000001fffff30000000000001fffff3000000000"
     "0001fffff30000000000001fffff30000000000001fffff30000000000001fffff300000"
     "00000001fffff30000000000001fffff3000000"},
    {2, -21, 19, 22, 364,
     "26666500000016666616ffffd0000001fffff26ffffd0000001fffff26ffffd0000001ff"
     "fff26ffffd0000001fffff26ffffd0000001fffff26ffffd0000001fffff26ffffd00000"
     "01fffff26ffffd0000001fffff26ffffd0000001fffff26ffffd0000001fffff26ffffd0"
     "000001fffff26ffffd0000001fffff26ffffd0000002fffff25ffffe0000003fffff13ff"
     "fff3000007ffffe00effffb00002effffa008fffffd98aefffff4001dfffffffffffffa0"
     "0002dfffffffffffa00000017dfffffffb500000000002456531000000"},
    {0, -21, 22, 21, 346,
     "46666300000000005666638ffffb0000000001fffff33fffff2000000006ffffd00cffff"
     "700000000cffff7006ffffc00000002fffff2001fffff30000008ffffb0000affff80000"
     "00dffff500005ffffd000003ffffe100000effff400009ffff90000009ffff90000effff"
     "40000003ffffe1005ffffd00000000cffff500affff7000000007ffffb01effff2000000"
     "001fffff16ffffb0000000000bffff6bffff600000000005ffffdffffe100000000001ef"
     "fffffffa0000000000009ffffffff40000000000003fffffffd00000000000000dffffff"
     "8000000000000007ffffff20000000"},
    {0, -21, 30, 21, 494,
     "1666650000001666660000000666650effff1000005fffff3000003ffffc0bffff500000"
     "8fffff6000007ffff907ffff800000cfffffa00000affff504ffffc00001ffffffd00000"
     "effff100fffff10004fffefff20002ffffd000cffff40007fff8fff60006ffff90008fff"
     "f8000bffe2fff90009ffff60004ffffb000effb0dffd000dffff20001fffff003fff709f"
     "ff102ffffe00000cffff306fff406fff505ffffa000009ffff70afff002fff809ffff700"
     "0005ffffb0effc000effc0cffff3000002ffffe2fff8000afff2ffffe0000000dffff8ff"
     "f40006fff8ffffb00000009ffffefff10003fffeffff700000006fffffffc00000efffff"
     "ff400000002fffffff900000bfffffff100000000effffff5000007ffffffc000000000a"
     "ffffff2000003ffffff80000000006fffffd0000000ffffff50000"},
    {0, -21, 21, 21, 346,
     "06666620000000056666409ffffd10000005fffff301dffff9000002effff70004fffff4"
     "0000bffffc000008ffffd1006ffffe2000000dffff902effff600000003fffff5bffffb0"
     "000000008fffffffffe20000000000cffffffff6000000000003fffffffa000000000000"
     "08ffffff20000000000001effffff8000000000000affffffff400000000005fffffffff"
     "d1000000002effff8dffff900000000bffffc04fffff40000006ffffe2008ffffd100002"
     "effff60000cffffa0000bffffb000003fffff5007ffffe20000007ffffe12effff600000"
     "000cffffa"},
    {-1, -21, 22, 21, 324,
     "16666630000000026666620affffe20000000cffffe102effffa0000006fffff50006fff"
     "ff500002effffa00000bffffe1000bffffe1000002effff9005fffff500000006fffff41"
     "effffa000000000bffffdaffffe10000000002efffffffff5000000000006ffffffffa00"
     "00000000000bffffffe200000000000002efffff60000000000000008ffffc0000000000"
     "0000007ffffc00000000000000007ffffc00000000000000007ffffc0000000000000000"
     "7ffffc00000000000000007ffffc00000000000000007ffffc00000000000000007ffffc"
     "00000000000000007ffffc00000000"},
    {1, -21, 19, 21, 324,
     "26666666666666666406ffffffffffffffffb06ffffffffffffffffb06ffffffffffffff"
     "ffb038888888888fffffe3000000000009fffff5000000000007fffff8000000000004ff"
     "fffa000000000002effffc100000000001dffffe200000000000bfffff4000000000008f"
     "ffff6000000000006fffff9000000000003fffffb000000000002effffd100000000001c"
     "ffffe300000000000afffff5000000000007ffffffddddddddddd1bfffffffffffffffff"
     "1bfffffffffffffffff1bfffffffffffffffff1"},
    {2, -22, 9, 26, 204,
     "2444444439fffffffd9fffffffd9ffffdddc9ffff10009ffff10009ffff10009ffff1000"
     "9ffff10009ffff10009ffff10009ffff10009ffff10009ffff10009ffff10009ffff1000"
     "9ffff10009ffff10009ffff10009ffff10009ffff10009ffff10009ffff66659fffffffd"
     "9fffffffd7bbbbbbba"},
    {0, -21, 11, 24, 164,
     "56600000000bff400000006ff900000002ffe00000000cff400000007ff800000002ffd0"
     "0000000dff300000008ff700000003ffc00000000eff200000009ff600000004ffb00000"
     "000eff10000000aff600000005ffa00000001ffe10000000bff500000006ff900000002f"
     "fe00000000cff400000007ff800000002ffd000000008991"},
    {1, -22, 10, 26, 204,
     "04444444412ffffffff62ffffffff61dddeffff600004ffff600004ffff600004ffff600"
     "004ffff600004ffff600004ffff600004ffff600004ffff600004ffff600004ffff60000"
     "4ffff600004ffff600004ffff600004ffff600004ffff600004ffff600004ffff600004f"
     "fff616668ffff62ffffffff62ffffffff61bbbbbbbb4"},
    {3, -21, 18, 9, 376,
     "000000166630000000000001bffff400000000000bfffffe3000000000afffffffe30000"
     "0009fffe5afffe2000008fffb2006fffd20008fff8000003dffd207ffe400000001affd1"
     "444100000000003442"},
    {0, 4, 14, 3, 224,
     "ffffffffffffffffffffffffffff99999999999999"},
    {1, -23, 8, 6, 224,
     "366620001cffc00001cff800001cff500001cfe200001ab8"},
    {1, -16, 16, 17, 302,
     "001468999863000006ffffffffffd40007ffffffffffff5007ffdbaabeffffe105710000"
     "01bffff500000000004ffff900049bcdddeffffa03dffffffffffffa1efffffffffffffa"
     "8ffffd41004ffffabffff400005ffffacffff30000bffffaaffffa1019fffffa5ffffffd"
     "fffffffa0bfffffffe7ffffa019fffffb24ffffa0001465200000000"},
    {2, -22, 17, 23, 320,
     "24444100000000000affff400000000000affff400000000000affff400000000000afff"
     "f400000000000affff400000000000affff401699830000affff45efffffb100affff9ff"
     "ffffffc10afffffffdffffff90afffff91019fffff1affffc00000cffff6affff7000007"
     "ffff9affff4000005ffffbaffff4000004ffffcaffff5000005ffffbaffff8000008ffff"
     "9affffe10001effff5afffffc424cffffe1affffffffffffff60affff6efffffff900aff"
     "ff42bffffe700000000000255410000"},
    {1, -16, 14, 17, 266,
     "000002689986200004cffffffffa007ffffffffffb05fffffffdeffb1effffd500028a6f"
     "fffe200000019ffff900000000bffff600000000cffff500000000bffff6000000009fff"
     "fa000000004fffff500000030cfffff94236bb03effffffffffb004efffffffffb00018d"
     "ffffffd700000024554200"},
    {1, -22, 17, 23, 320,
     "00000000000144443000000000003ffffa000000000003ffffa000000000003ffffa0000"
     "00000003ffffa000000000003ffffa000038996103ffffa001afffffe53ffffa00cfffff"
     "fff9ffffa08ffffffdfffffffa1effffa1019fffffa6ffffd00000cffffa9ffff8000007"
     "ffffabffff6000004ffffabffff5000004ffffaaffff6000005ffffa8ffff9000008ffff"
     "a5ffffe10001dffffa0dffffc524cfffffa06ffffffffffffffa009fffffffe6ffffa000"
     "7effffb23ffffa00000455200000000"},
    {1, -16, 17, 17, 304,
     "000003699973000000004cfffffffc4000008fffffffffff60006fffffcabfffff401eff"
     "ff50004ffffc06ffff9000009ffff39ffff7444448ffff7bfffffffffffffff9cfffffff"
     "ffffffffabffffcbbbbbbbbbb79ffff5000000000005ffffb000000001700dffffa30001"
     "5afe003ffffffedeffffe0004efffffffffffe000018efffffffc7200000002455530000"
     "0"},
    {0, -22, 13, 22, 194,
     "000000134444200003bffffff60003efffffff6000affffffff6000effff40000000ffff"
     "d00000366ffffe666607fffffffffff17fffffffffff17fffffffffff1122ffffd222200"
     "01ffffd00000001ffffd00000001ffffd00000001ffffd00000001ffffd00000001ffffd"
     "00000001ffffd00000001ffffd00000001ffffd00000001ffffd00000001ffffd00000"},
    {1, -16, 17, 22, 320,
     "00003899610166664001afffffe53ffffa01cffffffff9ffffa08ffffffdfffffffa1fff"
     "ffa1019fffffa6ffffd00000cffffa9ffff8000006ffffabffff5000004ffffabffff500"
     "0004ffffaaffff6000005ffffa7ffffa000009ffffa3fffff40004fffffa0bfffffa8aff"
     "ffffa03effffffffdffffa004effffffb4ffffa00029dfeb605ffff9000000000009ffff"
     "700710000003fffff300dfa64459fffffa000dfffffffffffd1000dffffffffffa100003"
     "8bdeffdb820000"},
    {2, -22, 16, 22, 318,
     "2444410000000000affff40000000000affff40000000000affff40000000000affff400"
     "00000000affff40000000000affff40058984000affff44dfffffb10affff9ffffffffb0"
     "affffffffffffff3afffffc525effff8affffe10007ffffaaffff800004ffffbaffff500"
     "003ffffbaffff400003ffffbaffff400003ffffbaffff400003ffffbaffff400003ffffb"
     "affff400003ffffbaffff400003ffffbaffff400003ffffbaffff400003ffffb"},
    {2, -22, 6, 22, 154,
     "244441affff4affff4affff4699992000000466661affff4affff4affff4affff4affff4"
     "affff4affff4affff4affff4affff4affff4affff4affff4affff4affff4"},
    {-1, -22, 9, 28, 154,
     "000244441000affff4000affff4000affff4000699992000000000000466661000affff4"
     "000affff4000affff4000affff4000affff4000affff4000affff4000affff4000affff4"
     "000affff4000affff4000affff4000affff4000affff4000affff4000affff3000dffff1"
     "34affffc0effffff60efffff900effeb5000"},
    {2, -22, 17, 22, 298,
     "24444100000000000affff400000000000affff400000000000affff400000000000afff"
     "f400000000000affff400000000000affff400002666662affff40002dffff90affff400"
     "2dffff900affff402dffff8000affff42dffff70000affff5dffff600000affffeffff50"
     "00000affffffff60000000affffffffc1000000affffeffffc100000affff5cffffc1000"
     "0affff42dffffb1000affff402effffb000affff4003effffb00affff40003effffa0aff"
     "ff400004fffffa"},
    {2, -22, 6, 22, 154,
     "244441affff4affff4affff4affff4affff4affff4affff4affff4affff4affff4affff4"
     "affff4affff4affff4affff4affff4affff4affff4affff4affff4affff4"},
    {2, -16, 25, 16, 466,
     "4666610179961000038985000affff46effffe401bfffffd20affff9fffffffe3cffffff"
     "fd1afffffffffffffefffffffff6afffffb329ffffffa33bffffbaffffd0001fffffb000"
     "2ffffdaffff70000dffff50000efffeaffff50000cffff30000efffeaffff40000cffff2"
     "0000efffeaffff40000cffff20000efffeaffff40000cffff20000efffeaffff40000cff"
     "ff20000efffeaffff40000cffff20000efffeaffff40000cffff20000efffeaffff40000"
     "cffff20000efffeaffff40000cffff20000efffe"},
    {2, -16, 16, 16, 318,
     "4666610058984000affff44dfffffb10affff9ffffffffb0affffffffffffff3afffffc5"
     "25effff8affffe10007ffffaaffff800004ffffbaffff500003ffffbaffff400003ffffb"
     "affff400003ffffbaffff400003ffffbaffff400003ffffbaffff400003ffffbaffff400"
     "003ffffbaffff400003ffffbaffff400003ffffb"},
    {1, -16, 17, 17, 308,
     "000003799974000000005dfffffffe7000008fffffffffffb1006ffffffdefffffa01eff"
     "ffa1007fffff46ffffd00000affff9affff8000004ffffdbffff5000002fffffcffff500"
     "0001fffffbffff6000002fffff9ffff9000005ffffc5ffffe10000cffff80dffffd524bf"
     "ffff204fffffffffffff70005effffffffff80000029effffffb30000000003565410000"
     "0"},
    {2, -16, 17, 22, 320,
     "46666101699830000affff45efffffb100affff9ffffffffc10afffffffdffffff90afff"
     "ff91019fffff1affffc00000cffff6affff7000007ffff9affff4000005ffffbaffff400"
     "0004ffffcaffff5000005ffffbaffff8000008ffff9affffe10001effff5afffffc424cf"
     "fffe1affffffffffffff60affff6efffffff900affff42bffffe7000affff40025541000"
     "0affff400000000000affff400000000000affff400000000000affff4000000000008dd"
     "dd300000000000"},
    {1, -16, 17, 22, 320,
     "00003899610166664001afffffe53ffffa00cffffffff9ffffa08ffffffdfffffffa1eff"
     "ffa1019fffffa6ffffd00000cffffa9ffff8000007ffffabffff6000004ffffabffff500"
     "0004ffffaaffff6000005ffffa8ffff9000008ffffa4ffffe10001dffffa0dffffc524cf"
     "ffffa06ffffffffffffffa009fffffffe6ffffa0006effffb23ffffa000004552003ffff"
     "a000000000003ffffa000000000003ffffa000000000003ffffa000000000003ffffa000"
     "000000003dddd9"},
    {2, -16, 12, 16, 220,
     "466661016996affff44efffbaffff7fffffbaffffffffffbaffffff95468afffff400000"
     "affffa000000affff6000000affff4000000affff4000000affff4000000affff4000000"
     "affff4000000affff4000000affff4000000affff4000000"},
    {1, -16, 15, 17, 266,
     "00026899975200001afffffffffe400cfffffffffff504ffffea9acfff508fffe1000015"
     "a408fffd10000000006ffffda753000001effffffffea30004effffffffff600016befff"
     "ffffe1000000136dffff41000000005ffff55d8410001bffff45ffffedefffffe05fffff"
     "fffffff403aeffffffffa300000135565310000"},
    {0, -20, 13, 20, 214,
     "0029999700000003ffffa00000003ffffa00000003ffffa00000467ffffc666649ffffff"
     "fffffb9fffffffffffb9fffffffffffb124ffffb22221003ffffa00000003ffffa000000"
     "03ffffa00000003ffffa00000003ffffa00000003ffffa00000002ffffc00000001fffff"
     "b8882000bffffffff50004ffffffff500003adfffff5"},
    {2, -16, 16, 17, 318,
     "5666610000266663cffff200005ffff9cffff200005ffff9cffff200005ffff9cffff200"
     "005ffff9cffff100005ffff9cffff100005ffff9cffff100005ffff9cffff100005ffff9"
     "cffff200006ffff9cffff30000affff9bffff70004fffff98fffff969ffffff93fffffff"
     "fffffff909fffffffd7ffff9008fffffa15ffff90001455100000000"},
    {0, -16, 18, 16, 292,
     "3666620000001666644ffff90000006ffff70dfffe100000bffff207ffff500002ffffb0"
     "01ffffb00007ffff5000affff1000cfffe00004ffff6003ffff800000dfffc008ffff200"
     "0007ffff20dfffb0000002ffff84ffff50000000bfffd9fffe100000005ffffffff90000"
     "00000efffffff30000000008ffffffc00000000002ffffff600000000000bffffe100000"},
    {1, -16, 24, 16, 414,
     "566640000166660000056665cfffe00005ffff30001ffffa8ffff30008ffff70005ffff6"
     "4ffff7000cffffa0009ffff20ffffa001fffffe000cfffd00bfffe004ffefff301ffff90"
     "07ffff308ffacff605ffff5003ffff60cff68ffa08ffff1000efffa1fff35ffe0cfffc00"
     "00afffd4ffe01fff3ffff900006ffffaffb00cffaffff500002fffffff7009fffffff100"
     "000dffffff3005ffffffc000000afffffe0001ffffff80000006fffffb0000dfffff4000"
     "0002fffff700009ffffe0000"},
    {0, -16, 18, 16, 288,
     "1666650000005666610affff700006ffffb001dffff3002efffd10003ffffc00cffff400"
     "0007ffff88ffff80000000bffffffffb000000001dffffffe20000000004ffffff400000"
     "000002efffff30000000000cffffffc1000000008ffffffff900000004ffffbbffff5000"
     "001efffe22efffe20000bffff5005ffffc0007ffffa00009ffff803ffffd100001dffff4"},
    {0, -16, 18, 22, 292,
     "3666620000001666644ffff90000007ffff60dfffe100000cfffe106ffff600002ffffa0"
     "01efffb00007ffff40009ffff2000cfffd00002ffff8002ffff700000bfffe007ffff200"
     "0004ffff50cfffb0000000dfffb2ffff500000006ffff9fffe000000001efffffff80000"
     "000009fffffff30000000002ffffffc00000000000bfffff6000000000004ffffe100000"
     "0000000efffa0000000000003ffff4000000001446dfffc0000000003fffffff40000000"
     "003ffffff800000000003fffeb5000000000"},
    {1, -16, 14, 16, 260,
     "266666666666656ffffffffffffe6ffffffffffffe6ffffffffffffe12222224effff800"
     "00002dffff90000001dffff90000001cffffa0000001cffffa0000001cffffb0000000bf"
     "fffb1000000bffffc10000009fffff98888887bffffffffffffebffffffffffffebfffff"
     "fffffffe"},
    {3, -22, 14, 27, 318,
     "000000001344420000005cfffff7000005fffffff700000dfffffed600002ffffd300000"
     "004ffff8000000004ffff6000000004ffff6000000004ffff6000000004ffff600000000"
     "7ffff500000003effff200006bdfffffa000008ffffff70000008ffffffe500000367cff"
     "ffe100000000bffff4000000006ffff6000000004ffff6000000004ffff6000000004fff"
     "f6000000004ffff7000000003ffffb000000001fffffc883000009fffffff7000001afff"
     "fff700000003799994"},
    {3, -22, 4, 29, 164,
     "36647ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa"
     "7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa7ffa4996"},
    {3, -22, 14, 27, 318,
     "244431000000008fffffc40000008fffffff4000007defffffc000000003effff1000000"
     "009ffff3000000007ffff3000000007ffff3000000007ffff3000000007ffff300000000"
     "6ffff6000000003ffffd200000000bfffffdb50000018ffffff7000005effffff700001f"
     "ffffc76200005ffffa000000007ffff5000000007ffff3000000007ffff3000000007fff"
     "f3000000008ffff300000000cffff20000488cffffe000008fffffff8000008ffffffa00"
     "000059999720000000"},
    {2, -12, 19, 6, 376,
     "0000133200000000003003bffffd72000003c709fffffffffb867bff71ffffffffffffff"
     "fff71fe830148efffffff801b2000000059cdb8200"},
};
