using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// Writes values as <see cref="ValueWriter"/> does, a piece at a time, so that what is written can be sent before the next piece is. Each step leaves some ten thousand bytes
/// in the writer, or a single item that is larger.
/// </summary>
internal static class OutputPieces
{
    private const int PieceBytes = 32 << 10;
    private const int PieceElements = 4096;

    /// <summary>Writes the value, or of a batched value <paramref name="rows"/> rows; all of it when that is negative.</summary>
    public static IEnumerable<bool> Write(OrtValue value, int firstRow, int rows, Utf8JsonWriter writer)
    {
        if (value.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
        {
            var tensor = new TensorPieces(value, firstRow, rows);
            while (tensor.Write(writer))
                yield return true;
        }
        else if (value.OnnxType == OnnxValueType.ONNX_TYPE_SEQUENCE)
        {
            var end = rows < 0 ? value.GetValueCount() : firstRow + rows;
            var since = Written(writer);
            writer.WriteStartArray();
            for (var i = firstRow; i < end; i++)
            {
                using var item = value.GetValue(i, OrtAllocator.DefaultInstance);
                foreach (var piece in Write(item, 0, -1, writer))
                    yield return piece;
                if (Written(writer) - since < PieceBytes)
                    continue;
                since = Written(writer);
                yield return true;
            }

            writer.WriteEndArray();
        }
        else
        {
            ValueWriter.Write(value, firstRow, rows, writer);
        }
    }

    private static long Written(Utf8JsonWriter writer) => writer.BytesCommitted + writer.BytesPending;

    /// <summary>A tensor, and how far it is written.</summary>
    private sealed class TensorPieces(OrtValue value, int firstRow, int rows)
    {
        private long[] _places = [];
        private int _element;

        /// <summary>Writes a piece; false when it was the last.</summary>
        public bool Write(Utf8JsonWriter writer)
        {
            var elements = new Elements(value);
            if (rows >= 0)
                elements.TakeRows(firstRow, rows);
            var shape = elements.Shape;
            if (elements.Count == 0 || shape.Length == 0)
            {
                var none = 0;
                ValueWriter.WriteLists(elements, 0, ref none, writer);
                return false;
            }

            if (_element == 0)
            {
                _places = new long[shape.Length];
                Open(shape.Length, writer);
            }

            var since = Written(writer);
            var end = Math.Min(elements.Count, _element + PieceElements);
            while (_element < end && Written(writer) - since < PieceBytes)
            {
                // Strings have any length.
                var count = elements.IsText ? 1 : (int)Math.Min(end - _element, shape[^1] - _places[^1]);
                elements.Write(_element, count, writer);
                _element += count;
                _places[^1] += count;
                Close(shape, writer);
            }

            return _element < elements.Count;
        }

        // Ends the lists that are full, and begins those that follow them.
        private void Close(long[] shape, Utf8JsonWriter writer)
        {
            var ended = 0;
            for (var dimension = shape.Length - 1; dimension >= 0 && _places[dimension] == shape[dimension]; dimension--)
            {
                writer.WriteEndArray();
                ended++;
                if (dimension == 0)
                    return;
                _places[dimension] = 0;
                _places[dimension - 1]++;
            }

            Open(ended, writer);
        }

        private static void Open(int lists, Utf8JsonWriter writer)
        {
            for (var i = 0; i < lists; i++)
                writer.WriteStartArray();
        }
    }
}
