namespace Larder.Inference.Validation.Scanning;

/// <summary>The element types of ONNX tensors by their code (<c>TensorProto.DataType</c>): name, size, and where their values are stored when not raw.</summary>
internal static class ElementTypes
{
    public const int Float = 1;
    public const int UInt8 = 2;
    public const int Int8 = 3;
    public const int UInt16 = 4;
    public const int Int16 = 5;
    public const int Int32 = 6;
    public const int Int64 = 7;
    public const int String = 8;
    public const int Bool = 9;
    public const int UInt32 = 12;

    // PerEntry: how many entries of the field one element takes, or, where negative, how many elements one entry holds.
    private static readonly (string Name, int Bits, int Field, int PerEntry)[] Types =
    [
        ("UNDEFINED", 0, 0, 0), ("FLOAT", 32, TensorFields.FloatData, 1), ("UINT8", 8, TensorFields.Int32Data, 1), ("INT8", 8, TensorFields.Int32Data, 1),
        ("UINT16", 16, TensorFields.Int32Data, 1),
        ("INT16", 16, TensorFields.Int32Data, 1), ("INT32", 32, TensorFields.Int32Data, 1), ("INT64", 64, TensorFields.Int64Data, 1),
        ("STRING", 0, TensorFields.StringData, 1), ("BOOL", 8, TensorFields.Int32Data, 1),
        ("FLOAT16", 16, TensorFields.Int32Data, 1), ("DOUBLE", 64, TensorFields.DoubleData, 1), ("UINT32", 32, TensorFields.UInt64Data, 1),
        ("UINT64", 64, TensorFields.UInt64Data, 1),
        ("COMPLEX64", 64, TensorFields.FloatData, 2), ("COMPLEX128", 128, TensorFields.DoubleData, 2), ("BFLOAT16", 16, TensorFields.Int32Data, 1),
        ("FLOAT8E4M3FN", 8, TensorFields.Int32Data, 1),
        ("FLOAT8E4M3FNUZ", 8, TensorFields.Int32Data, 1), ("FLOAT8E5M2", 8, TensorFields.Int32Data, 1), ("FLOAT8E5M2FNUZ", 8, TensorFields.Int32Data, 1),
        ("UINT4", 4, TensorFields.Int32Data, -2),
        ("INT4", 4, TensorFields.Int32Data, -2), ("FLOAT4E2M1", 4, TensorFields.Int32Data, -2), ("FLOAT8E8M0", 8, TensorFields.Int32Data, 1),
        ("UINT2", 2, TensorFields.Int32Data, -4),
        ("INT2", 2, TensorFields.Int32Data, -4),
    ];

    /// <summary>Whether the code is that of a type.</summary>
    public static bool IsKnown(long code) => code > 0 && code < Types.Length;

    /// <summary>The type's name in the ONNX schema; its code, when the schema has no such type.</summary>
    public static string Name(long code) => code >= 0 && code < Types.Length ? Types[code].Name : $"{code}";

    /// <summary>Bytes of so many elements in <c>raw_data</c>; types of less than a byte are packed.</summary>
    public static long Bytes(long code, long elements) => (long)(((UInt128)elements * (uint)Types[code].Bits + 7) / 8);

    /// <summary>The field that holds values which are not raw.</summary>
    public static int Field(long code) => Types[code].Field;

    /// <summary>Entries that so many elements take in that field.</summary>
    public static long Entries(long code, long elements) => Types[code].PerEntry is > 0 and var each
        ? elements * each
        : (elements - Types[code].PerEntry - 1) / -Types[code].PerEntry;
}
