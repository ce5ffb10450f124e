using Larder.Inference;
using Larder.Registry.Storage;

namespace Larder.Functions.Http;

/// <summary>A stream of the caller's. What fails in it is told apart from what fails where its bytes go, such as a full disk.</summary>
/// <param name="inner">The stream; disposed of with this one.</param>
/// <param name="isCallers">Whether an exception of the stream says that its content is wrong.</param>
/// <param name="error">What the caller is told then.</param>
internal sealed class CheckedStream(Stream inner, Func<Exception, bool> isCallers, Func<LarderException> error) : ForwardStream
{
    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return inner.Read(buffer, offset, count);
        }
        catch (Exception exception) when (isCallers(exception))
        {
            throw error();
        }
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (isCallers(exception))
        {
            throw error();
        }
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
