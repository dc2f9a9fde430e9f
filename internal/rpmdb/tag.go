package rpmdb

// A Tag numbers a field of a header. Names and numbers are those of docs/manual/tags.md and include/rpm/rpmtag.h.
type Tag uint32

const (
	tagHeaderImage      Tag = 61 // regions: the signed part of a header
	tagHeaderSignatures Tag = 62
	tagHeaderImmutable  Tag = 63
	tagI18nTable        Tag = 100

	TagSigPGP       Tag = 259 // OpenPGP signature of header and payload, RSA
	TagSigMD5       Tag = 261
	TagSigGPG       Tag = 262 // OpenPGP signature of header and payload, DSA
	TagDSAHeader    Tag = 267 // OpenPGP signature of the header, DSA
	TagRSAHeader    Tag = 268 // OpenPGP signature of the header, RSA and later algorithms
	TagSHA1Header   Tag = 269
	TagSHA256Header Tag = 273
	TagOpenPGP      Tag = 278 // OpenPGP signatures of the header, rpm 6

	tagName            Tag = 1000
	tagVersion         Tag = 1001
	tagRelease         Tag = 1002
	tagEpoch           Tag = 1003
	tagSummary         Tag = 1004
	tagBuildTime       Tag = 1006
	tagInstallTime     Tag = 1008
	tagSize            Tag = 1009
	tagDistribution    Tag = 1010
	tagVendor          Tag = 1011
	tagLicense         Tag = 1014
	tagPackager        Tag = 1015
	tagURL             Tag = 1020
	tagArch            Tag = 1022
	tagOldFileNames    Tag = 1027
	tagFileSizes       Tag = 1028
	tagFileStates      Tag = 1029
	tagFileModes       Tag = 1030
	tagFileRdevs       Tag = 1033
	tagFileMtimes      Tag = 1034
	tagFileDigests     Tag = 1035
	tagFileLinkTos     Tag = 1036
	tagFileFlags       Tag = 1037
	tagFileUserName    Tag = 1039
	tagFileGroupName   Tag = 1040
	tagSourceRPM       Tag = 1044
	tagFileVerifyFlags Tag = 1045
	tagProvideName     Tag = 1047
	tagRequireName     Tag = 1049
	tagDirIndexes      Tag = 1116
	tagBaseNames       Tag = 1117
	tagDirNames        Tag = 1118
	tagLongFileSizes   Tag = 5008
	tagLongSize        Tag = 5009
	tagFileCaps        Tag = 5010
	tagFileDigestAlgo  Tag = 5011
	tagModularityLabel Tag = 5096
)

// A valueType is the type of a field, with the values of rpmTagType_e.
type valueType uint32

const (
	typeNull valueType = iota
	typeChar
	typeInt8
	typeInt16
	typeInt32
	typeInt64
	typeString
	typeBin
	typeStringArray
	typeI18NString

	typeCount
)

// size returns the size of an element in bytes, or 0 for types whose elements end with a NUL.
func (t valueType) size() int64 {
	return [typeCount]int64{typeChar: 1, typeInt8: 1, typeInt16: 2, typeInt32: 4, typeInt64: 8, typeBin: 1}[t]
}
