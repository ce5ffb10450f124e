using System.Text.Json;
using Larder.Functions.Prediction;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.OpenInference;

/// <summary>The answer to an <see cref="InferRequest"/>: JSON, and behind it the bytes of the outputs that are wanted as such.</summary>
internal sealed class InferAnswer : IDisposable
{
    private readonly HttpResponse _response;
    private readonly ResolvedModel _model;
    private readonly InferRequest _asked;
    private readonly WantedTensors _tensors;
    private readonly List<(OutputTensor Tensor, bool IsBinary)> _wanted;

    /// <summary>The answer with the outputs that are wanted.</summary>
    public InferAnswer(HttpResponse response, ResolvedModel model, InferRequest asked, PredictionOutputs outputs)
    {
        (_response, _model, _asked) = (response, model, asked);
        _tensors = new WantedTensors(model, asked.Wanted, outputs);
        _wanted = [.. _tensors.Tensors.Select(output => (output.Tensor, output.IsBinary ?? asked.AreOutputsBinary))];
    }

    /// <summary>Writes it, piece by piece.</summary>
    public IEnumerable<bool> Pieces(AnswerBuffer buffer)
    {
        var writer = buffer.Writer;
        var binaryBytes = _wanted.Where(output => output.IsBinary).Select(output => output.Tensor.BinaryBytes).ToList();
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, _model.Servable.Name);
        writer.WriteString("model_version"u8, _model.Servable.Version);
        if (_asked.Id is { } id)
            writer.WriteString("id"u8, id);
        writer.WriteStartArray("outputs"u8);
        var binary = 0;
        foreach (var (tensor, isBinary) in _wanted)
        {
            Begin(writer, tensor);
            if (isBinary)
            {
                writer.WriteStartObject("parameters"u8);
                writer.WriteNumber("binary_data_size"u8, binaryBytes[binary++]);
                writer.WriteEndObject();
            }
            else
            {
                writer.WritePropertyName("data"u8);
                foreach (var piece in tensor.WritePieces(writer))
                {
                    // The length of the JSON is a header where bytes follow it.
                    if (binaryBytes.Count == 0)
                        yield return piece;
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        if (binaryBytes.Count == 0)
            yield break;
        _response.ContentType = "application/octet-stream";
        _response.Headers[Infer.JsonLengthHeader] = $"{buffer.Bytes.WrittenCount}";
        _response.ContentLength = buffer.Bytes.WrittenCount + binaryBytes.Sum();
        foreach (var (tensor, _) in _wanted.Where(output => output.IsBinary))
        {
            foreach (var piece in tensor.WriteBinaryPieces(buffer.Bytes))
                yield return piece;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _tensors.Dispose();
        // An error that is answered instead is JSON alone.
        if (!_response.HasStarted)
            _response.Headers.Remove(Infer.JsonLengthHeader);
    }

    private static void Begin(Utf8JsonWriter writer, OutputTensor tensor)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, tensor.Name);
        writer.WriteString("datatype"u8, tensor.Datatype.Name());
        writer.WriteStartArray("shape"u8);
        foreach (var length in tensor.Shape)
            writer.WriteNumberValue(length);
        writer.WriteEndArray();
    }
}
