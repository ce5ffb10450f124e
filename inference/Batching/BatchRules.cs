using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Batching;

/// <summary>Decides which requests may run together, and merges their tensors.</summary>
internal static class BatchRules
{
    /// <summary>Whether the model's signature and settings allow batching.</summary>
    public static bool Suits(ServableModel model) => (model.Settings.Batching.Enabled ?? model.Description.RowsAreIndependent) && HasBatchDimensions(model.Description.Signature);

    /// <summary>Whether the first dimension of inputs and outputs counts rows, also when they are not run together.</summary>
    public static bool HasBatch(ServableModel model) =>
        (model.Description.RowsAreIndependent || model.Settings.Batching.Enabled == true) && HasBatchDimensions(model.Description.Signature);

    /// <summary>Whether every input and output has a first dimension that varies.</summary>
    public static bool HasBatchDimensions(ModelSignature signature) =>
        signature.Inputs.Count > 0
        && signature.Inputs.All(input => input.HasVariableBatch)
        && signature.Outputs.All(output => output.Kind == ValueKind.Sequence || output.HasVariableBatch);

    /// <summary>Whether the tensors of two requests have the same shape, apart from the number of rows.</summary>
    public static bool Fit(PredictionInputs x, PredictionInputs y)
    {
        for (var i = 0; i < x.Count; i++)
        {
            if (!x[i].Shape[1..].SequenceEqual(y[i].Shape[1..]))
                return false;
        }

        return true;
    }

    /// <summary>Concatenates the rows of all members.</summary>
    public static void Merge(IReadOnlyList<QueuedRun> members, PredictionInputs merged)
    {
        for (var i = 0; i < merged.Count; i++)
        {
            foreach (var member in members)
                merged[i].AppendRows(member.Inputs[i]);
        }
    }

    /// <summary>Whether every output has one item for each row, so that it can be split by request.</summary>
    public static bool Divides(OutputValues result, int outputs, long rows)
    {
        for (var i = 0; i < outputs; i++)
        {
            var value = result[i];
            var items = value.OnnxType switch
            {
                OnnxValueType.ONNX_TYPE_TENSOR => value.GetTensorTypeAndShape().Shape is [var first, ..] ? first : -1,
                OnnxValueType.ONNX_TYPE_SEQUENCE => value.GetValueCount(),
                _ => -1,
            };
            if (items != rows)
                return false;
        }

        return true;
    }
}
