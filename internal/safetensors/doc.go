// Package safetensors reads and writes files of named float32 arrays in the
// safetensors format (https://huggingface.co/docs/safetensors):
//
//	8 bytes   length of the header, little-endian
//	header    a JSON object, padded with spaces: for each tensor its dtype, its
//	          shape and the [begin,end) of its bytes in the data; "__metadata__"
//	          is an object of strings
//	data      the tensors' bytes, little-endian, without gaps
//
// Equal content gives equal bytes, and every float32 keeps its bits, even a NaN.
// Reading takes memory in proportion to the size of the file, whatever it says.
package safetensors
