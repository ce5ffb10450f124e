using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using Larder.Functions.Http;
using Larder.Inference.Memory;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Larder.Grpc;

/// <summary>
/// What a call holds in memory, counted against the budget of bytes in flight: a message before more of it than its length is read, and the answer. It stands between gRPC and the request's body, whose
/// messages each begin with a byte, 1 for a compressed one, and the length in four bytes (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
/// </summary>
internal sealed class CallMemory : PipeReader, IRequestBodyPipeFeature, IDisposable
{
    private const int HeaderBytes = 5;

    // Deflate makes no more of a byte.
    private const long MostExpansion = 1032;

    private readonly HttpContext _http;
    private readonly PipeReader _body;
    private readonly MemoryBudget _budget;
    private readonly long _limit;
    private SequencePosition _start;
    private bool _isCounted;
    private long _message;
    private long _reply;

    /// <summary>Counts a call's messages from now on.</summary>
    /// <param name="http">The call's request.</param>
    /// <param name="budget">The budget.</param>
    /// <param name="limit">The most bytes of a message.</param>
    public CallMemory(HttpContext http, MemoryBudget budget, long limit)
    {
        (_http, _body, _budget, _limit) = (http, http.Request.BodyReader, budget, limit);
        http.Features.Set<IRequestBodyPipeFeature>(this);
        http.Features.Set(this);
    }

    /// <summary>The call's request.</summary>
    public HttpContext Http => _http;

    /// <inheritdoc />
    public PipeReader Reader => this;

    /// <summary>The message is no longer needed.</summary>
    public void ReleaseMessage() => _budget.Bodies.Release(Interlocked.Exchange(ref _message, 0));

    /// <summary>Counts bytes of an answer that is not sent yet.</summary>
    public void AddReply(long bytes)
    {
        // One number of bytes, as one release gives back what one call has taken.
        var before = _reply;
        _budget.Work.Add(before + bytes);
        _budget.Work.Release(before);
        _reply = before + bytes;
    }

    /// <summary>The answer was sent.</summary>
    public void ReleaseReply() => _budget.Work.Release(Interlocked.Exchange(ref _reply, 0));

    /// <inheritdoc />
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await _body.ReadAsync(cancellationToken);
        _start = result.Buffer.Start;
        if (_isCounted || result.Buffer.Length < HeaderBytes)
            return result;
        try
        {
            await TakeAsync(result.Buffer.Slice(0, HeaderBytes));
            return result;
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw new RpcException(CallErrors.StatusOf(exception, ErrorKinds.Of(exception), _http));
        }
        finally
        {
            // Also before a failure: an open read would be one too many for the clean-up.
            if (!_isCounted)
                _body.AdvanceTo(_start);
        }
    }

    /// <inheritdoc />
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc />
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // gRPC consumes whole messages only.
        if (!consumed.Equals(_start))
            _isCounted = false;
        _body.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc />
    public override bool TryRead(out ReadResult result) => throw new NotSupportedException("gRPC waits for its messages.");

    /// <inheritdoc />
    public override void CancelPendingRead() => _body.CancelPendingRead();

    /// <inheritdoc />
    public override void Complete(Exception? exception = null) => _body.Complete(exception);

    /// <inheritdoc />
    public void Dispose()
    {
        ReleaseMessage();
        ReleaseReply();
    }

    private async ValueTask TakeAsync(ReadOnlySequence<byte> header)
    {
        Read(header, out var isCompressed, out var length);
        if (length > _limit)
            throw new TooLargeException($"A message is limited to {_limit} bytes (Limits:PredictionBytes).");
        ReleaseMessage();
        var bytes = isCompressed ? Math.Min(_limit, length * MostExpansion) : length;
        await _budget.Bodies.TakeAsync(bytes, _http.RequestAborted);
        (_message, _isCounted) = (bytes, true);
    }

    private static void Read(in ReadOnlySequence<byte> header, out bool isCompressed, out long length)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        header.CopyTo(bytes);
        isCompressed = bytes[0] switch
        {
            0 => false,
            1 => true,
            _ => throw new InvalidRequestException("The bytes are not a message of gRPC."),
        };
        length = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
    }
}
