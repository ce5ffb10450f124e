using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// The output values of one run, shared by the requests that were run together: the last one to let go frees them. Their bytes are counted as in flight until then.
/// </summary>
internal sealed class RunResult
{
    // A node of a tree for each entry of a map, and the map itself.
    private const long MapBytes = 64;
    private const long TextBytes = 32;

    // Up to so many items are not looked at.
    private const int FewItems = 64;
    private const long ItemBytes = 1024;

    private readonly IDisposableReadOnlyCollection<OrtValue> _values;
    private readonly SessionCache _cache;
    private readonly PredictionInputs? _held;
    private readonly int _members;
    private int _holders;

    /// <summary>Takes over the values, or frees them when they are too large.</summary>
    /// <exception cref="InvalidInputException">They have more than <see cref="InferenceLimits.OutputBytes"/>.</exception>
    /// <param name="values">The outputs.</param>
    /// <param name="inputs">What they were made from, where an output may be an input; null elsewhere.</param>
    /// <param name="model">The model.</param>
    /// <param name="holders">How many must <see cref="Release"/> it.</param>
    /// <param name="time">How long the run took.</param>
    /// <param name="cache">Whose limits and budget these are.</param>
    public RunResult(IDisposableReadOnlyCollection<OrtValue> values, PredictionInputs? inputs, ServableModel model, int holders, TimeSpan time, SessionCache cache)
    {
        (_values, _cache, Time) = (values, cache, time);
        _members = _holders = holders;
        var outputs = model.Description.Signature.Outputs;
        try
        {
            for (var i = 0; i < outputs.Count; i++)
                Bytes += BytesOf(values[i], outputs[i]);
            if (Bytes > cache.Limits.OutputBytes)
            {
                cache.Metrics.Refused("runs", "too_large");
                throw new InvalidInputException(
                    $"{model.Name} cannot answer this input: its outputs have {InputError.Size(Bytes)}, more than a prediction may give out ({InputError.Size(cache.Limits.OutputBytes)}, Limits:OutputBytes). Ask for less at a time.");
            }
        }
        catch
        {
            values.Dispose();
            throw;
        }

        _held = inputs;
        _held?.Hold();
        cache.Memory.Work.Add(Bytes);
        if (IsLarge)
            cache.Environment.Begin();
    }

    /// <summary>How long the run took.</summary>
    public TimeSpan Time { get; }

    /// <summary>Bytes of the values, by estimate where they are not tensors of numbers.</summary>
    public long Bytes { get; }

    /// <summary>What each of those that were run together has of them, about.</summary>
    public long BytesOfMember => Bytes / _members;

    private bool IsLarge => Bytes > OnnxEnvironment.LargeBytes;

    public OrtValue this[int output] => _values[output];

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        _values.Dispose();
        _held?.Release();
        _cache.Memory.Work.Release(Bytes);
        if (IsLarge)
            _cache.Environment.End();
    }

    private static long BytesOf(OrtValue value, ValueSignature output) => output.Kind switch
    {
        ValueKind.Tensor when output.Datatype != Datatype.Bytes => value.GetTensorSizeInBytes(),
        ValueKind.Tensor => value.GetTensorTypeAndShape().ElementCount * TextBytes,
        ValueKind.Sequence => BytesOfItems(value),
        _ => MapBytes,
    };

    private static long BytesOfItems(OrtValue value)
    {
        var count = (long)value.GetValueCount();
        if (count <= FewItems)
            return count * ItemBytes;
        using var first = value.GetValue(0, OrtAllocator.DefaultInstance);
        return count * BytesOfItem(first);
    }

    private static long BytesOfItem(OrtValue item)
    {
        if (item.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
            return item.GetTensorTypeAndShape() is { IsString: true } text ? text.ElementCount * TextBytes : item.GetTensorSizeInBytes();
        if (item.OnnxType != OnnxValueType.ONNX_TYPE_MAP)
            return MapBytes;
        using var keys = item.GetValue(0, OrtAllocator.DefaultInstance);
        return MapBytes * (1 + keys.GetTensorTypeAndShape().ElementCount);
    }
}
