using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>Appends one JSON token to a tensor as its next element.</summary>
internal interface IElementSink
{
    /// <summary>Appends the current token.</summary>
    static abstract ElementError Append(ref Utf8JsonReader reader, TensorBuffer buffer);
}

/// <summary>The two kinds of elements: of fixed size, and strings.</summary>
internal static class ElementSink
{
    internal readonly struct Fixed<T> : IElementSink
        where T : struct, IElementReader
    {
        public static ElementError Append(ref Utf8JsonReader reader, TensorBuffer buffer) => T.Read(ref reader, buffer.Next(T.Size));
    }

    internal readonly struct Text : IElementSink
    {
        public static ElementError Append(ref Utf8JsonReader reader, TensorBuffer buffer)
        {
            if (reader.TokenType != JsonTokenType.String)
                return ElementError.WrongToken;
            return buffer.TryAppendText(ref reader) ? ElementError.None : ElementError.NotUnicode;
        }
    }
}
