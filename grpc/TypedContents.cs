using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Larder.Grpc.Protocol;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;

namespace Larder.Grpc;

/// <summary>The elements of a tensor in the field of their datatype, as <c>InferTensorContents</c> has them. FP16 and BF16 have no field.</summary>
internal static class TypedContents
{
    private static readonly string[] Names = ["", "bool_contents", "int_contents", "int64_contents", "uint_contents", "uint64_contents", "fp32_contents", "fp64_contents", "bytes_contents"];

    /// <summary>Whether elements of a datatype have a field.</summary>
    public static bool Has(Datatype datatype) => FieldOf(datatype) > 0;

    /// <summary>Reads the elements into the memory of an input.</summary>
    /// <exception cref="InvalidInputException">They do not fit the input.</exception>
    /// <exception cref="InvalidRequestException">They are in another field than that of the input's datatype, or not in a message.</exception>
    public static void Read(PredictionInputs inputs, int input, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> contents)
    {
        var signature = inputs[input].Signature;
        var datatype = signature.Datatype!.Value;
        var field = FieldOf(datatype);
        if (field == 0)
            throw new InvalidRequestException($"The input {signature.Name} is {datatype.Name()}, which has no typed contents: send raw_input_contents.");
        if (datatype == Datatype.Bytes)
        {
            inputs.ReadTexts(input, shape, Texts(signature, contents));
            return;
        }

        var size = IsFixed(datatype) ? datatype.Size() : 0;
        var elements = inputs.ReserveShaped(input, shape, Count(signature, contents, field, size));
        var fields = new WireFields(contents);
        while (fields.Next())
        {
            if (fields.Number != field)
                continue;
            if (fields.Type != WireType.Length)
            {
                Put(signature, fields.Value, ref elements);
            }
            else if (size > 0)
            {
                fields.Bytes.Span.CopyTo(elements);
                elements = elements[fields.Bytes.Length..];
            }
            else
            {
                for (var rest = fields.Bytes; !rest.IsEmpty;)
                    Put(signature, WireFields.ReadVarint(ref rest), ref elements);
            }
        }
    }

    /// <summary>Writes elements.</summary>
    /// <param name="datatype">Their datatype.</param>
    /// <param name="bytes">Their bytes, as the binary tensor data extension has them.</param>
    public static InferTensorContents Write(Datatype datatype, ReadOnlySpan<byte> bytes)
    {
        var contents = new InferTensorContents();
        switch (datatype)
        {
            case Datatype.Bool:
                foreach (var element in bytes)
                    contents.BoolContents.Add(element != 0);
                break;
            case Datatype.Int8:
                foreach (var element in MemoryMarshal.Cast<byte, sbyte>(bytes))
                    contents.IntContents.Add(element);
                break;
            case Datatype.Int16:
                foreach (var element in MemoryMarshal.Cast<byte, short>(bytes))
                    contents.IntContents.Add(element);
                break;
            case Datatype.Int32:
                contents.IntContents.AddRange(MemoryMarshal.Cast<byte, int>(bytes).ToArray());
                break;
            case Datatype.Int64:
                contents.Int64Contents.AddRange(MemoryMarshal.Cast<byte, long>(bytes).ToArray());
                break;
            case Datatype.UInt8:
                foreach (var element in bytes)
                    contents.UintContents.Add(element);
                break;
            case Datatype.UInt16:
                foreach (var element in MemoryMarshal.Cast<byte, ushort>(bytes))
                    contents.UintContents.Add(element);
                break;
            case Datatype.UInt32:
                contents.UintContents.AddRange(MemoryMarshal.Cast<byte, uint>(bytes).ToArray());
                break;
            case Datatype.UInt64:
                contents.Uint64Contents.AddRange(MemoryMarshal.Cast<byte, ulong>(bytes).ToArray());
                break;
            case Datatype.Fp32:
                contents.Fp32Contents.AddRange(MemoryMarshal.Cast<byte, float>(bytes).ToArray());
                break;
            case Datatype.Fp64:
                contents.Fp64Contents.AddRange(MemoryMarshal.Cast<byte, double>(bytes).ToArray());
                break;
            case Datatype.Bytes:
                while (!bytes.IsEmpty)
                {
                    var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                    contents.BytesContents.Add(ByteString.CopyFrom(bytes.Slice(sizeof(uint), length)));
                    bytes = bytes[(sizeof(uint) + length)..];
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "It has no typed contents.");
        }

        return contents;
    }

    private static int FieldOf(Datatype datatype) => datatype switch
    {
        Datatype.Bool => 1,
        Datatype.Int8 or Datatype.Int16 or Datatype.Int32 => 2,
        Datatype.Int64 => 3,
        Datatype.UInt8 or Datatype.UInt16 or Datatype.UInt32 => 4,
        Datatype.UInt64 => 5,
        Datatype.Fp32 => 6,
        Datatype.Fp64 => 7,
        Datatype.Bytes => 8,
        _ => 0,
    };

    private static bool IsFixed(Datatype datatype) => datatype is Datatype.Fp32 or Datatype.Fp64;

    // Before memory is taken for the shape that is stated. Size is that of an element with a fixed one, else 0.
    private static long Count(ValueSignature input, ReadOnlyMemory<byte> contents, int field, int size)
    {
        var count = 0L;
        var fields = new WireFields(contents);
        while (fields.Next())
        {
            RequireField(input, fields.Number, field);
            if (fields.Number != field)
                continue;
            if (fields.Type == WireType.Length && size > 0)
                count += fields.Bytes.Length % size == 0 ? fields.Bytes.Length / size : throw Damaged(input, field);
            else if (fields.Type == WireType.Length)
                count += CountVarints(input, field, fields.Bytes.Span);
            else
                count += fields.Type == (size == sizeof(float) ? WireType.Fixed32 : size == sizeof(double) ? WireType.Fixed64 : WireType.Varint) ? 1 : throw Damaged(input, field);
        }

        return count;
    }

    // The last byte of each number has its highest bit clear.
    private static long CountVarints(ValueSignature input, int field, ReadOnlySpan<byte> bytes)
    {
        if (bytes is [.., >= 0x80])
            throw Damaged(input, field);
        var count = 0L;
        foreach (var value in bytes)
            count += value < 0x80 ? 1 : 0;
        return count;
    }

    private static List<ReadOnlyMemory<byte>> Texts(ValueSignature input, ReadOnlyMemory<byte> contents)
    {
        var texts = new List<ReadOnlyMemory<byte>>();
        var field = FieldOf(Datatype.Bytes);
        var fields = new WireFields(contents);
        while (fields.Next())
        {
            RequireField(input, fields.Number, field);
            if (fields.Is(field))
                texts.Add(fields.Bytes);
        }

        return texts;
    }

    private static void RequireField(ValueSignature input, int number, int wanted)
    {
        if (number != wanted && number < Names.Length)
            throw new InvalidInputException($"{input.Name} expects {input.TypeName}, whose elements are in {Names[wanted]}; got {Names[number]}");
    }

    private static void Put(ValueSignature input, ulong number, ref Span<byte> elements)
    {
        var datatype = input.Datatype!.Value;
        // An int32 that is negative is written as a number of 64 bits.
        var (signed, unsigned) = ((int)number, (uint)number);
        switch (datatype)
        {
            case Datatype.Bool:
                elements[0] = number == 0 ? (byte)0 : (byte)1;
                break;
            case Datatype.Int8:
                elements[0] = signed is >= sbyte.MinValue and <= sbyte.MaxValue ? (byte)signed : throw Outside(input, signed);
                break;
            case Datatype.Int16:
                BinaryPrimitives.WriteInt16LittleEndian(elements, signed is >= short.MinValue and <= short.MaxValue ? (short)signed : throw Outside(input, signed));
                break;
            case Datatype.UInt8:
                elements[0] = unsigned <= byte.MaxValue ? (byte)unsigned : throw Outside(input, unsigned);
                break;
            case Datatype.UInt16:
                BinaryPrimitives.WriteUInt16LittleEndian(elements, unsigned <= ushort.MaxValue ? (ushort)unsigned : throw Outside(input, unsigned));
                break;
            case Datatype.Int32 or Datatype.UInt32 or Datatype.Fp32:
                BinaryPrimitives.WriteUInt32LittleEndian(elements, unsigned);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(elements, number);
                break;
        }

        elements = elements[datatype.Size()..];
    }

    private static InvalidInputException Outside(ValueSignature input, long number) => new($"{input.Name} expects {input.TypeName}; got {number}, which is no {input.Datatype!.Value.Name()}");

    private static InvalidRequestException Damaged(ValueSignature input, int field) => new($"The {Names[field]} of the input {input.Name} are not whole numbers of Protocol Buffers.");
}
