"""Features of sound by TensorFlow, librosa and SciPy, in double precision: data/features.csv, on standard output.

python features.py > ../data/features.csv, with tensorflow-cpu 2.21.0, librosa 0.11.0, scipy 1.17.1 and numpy 2.4.6.

A line is a case, the number of the column, and its values. `mlperf_tiny` and `log_mel_tensorflow` are the steps of the
reference code of the benchmark MLPerf Tiny (keyword spotting and streaming wake word), on a signal that is not scaled.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import librosa
import numpy as np
import scipy.signal
import tensorflow as tf


def samples(count):
    """A triangle whose pitch rises, and noise by Numerical Recipes' generator: 16-bit integers, as tests/features.rs makes them."""
    state, phase, values = 1, 0, []
    for at in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        phase = (phase + 600 + 4 * at) % 65536
        values.append((abs(phase - 32768) - 16384) // 2 + (state >> 16) % 2048 - 1024)
    return np.array(values) / 32768.0


def tensorflow(x, frame, hop, fft, window, power, mels, low, high, floor):
    """Logarithms of mel bands."""
    stft = tf.signal.stft(tf.constant(x), frame_length=frame, frame_step=hop, fft_length=fft, window_fn=window)
    spectrum = tf.abs(stft) ** power
    matrix = tf.signal.linear_to_mel_weight_matrix(mels, fft // 2 + 1, 16000, low, high, dtype=tf.float64)
    return tf.math.log(tf.tensordot(spectrum, matrix, 1) + floor)


def hann(length, dtype):
    return tf.signal.hann_window(length, dtype=dtype)


def symmetric_hamming(length, dtype):
    return tf.signal.hamming_window(length, periodic=False, dtype=dtype)


def librosa_mel(x, **options):
    """Mel bands with the conventions of librosa, without padding."""
    matrix = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40, dtype=np.float64, **options)
    stft = librosa.stft(x, n_fft=512, hop_length=256, center=False, dtype=np.complex128)
    return matrix @ np.abs(stft) ** 2


def frames(x, frame, hop, window):
    starts = range(0, len(x) - frame + 1, hop)
    return np.array([x[start : start + frame] * window for start in starts])


def cases():
    x = samples(1200)
    log_mel = tensorflow(x, 480, 320, 512, hann, 1, 40, 20.0, 4000.0, 1e-6)
    yield "mlperf_tiny", tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :10].numpy()
    emphasised = scipy.signal.lfilter([1, -float(np.float32(0.97))], [1], x)
    yield "log_mel_tensorflow", tensorflow(emphasised, 400, 160, 512, symmetric_hamming, 2, 26, 0.0, 8000.0, 1e-6).numpy()
    log_mel = np.log(np.maximum(librosa_mel(x, fmin=0.0, fmax=8000.0), 1e-10))
    yield "librosa", log_mel.T
    yield "mfcc_librosa", librosa.feature.mfcc(S=log_mel, n_mfcc=13, norm="ortho").T
    mel = librosa_mel(x, fmin=100.0, fmax=7000.0, htk=True, norm=None)
    yield "mel_librosa", mel.T
    hamming = frames(x, 100, 300, scipy.signal.get_window("hamming", 100))
    yield "magnitudes_scipy", np.abs(scipy.fft.rfft(hamming, 128))
    hanning = frames(x, 1024, 1024, np.hanning(1024))
    yield "log_powers_numpy", np.log(np.maximum(np.abs(np.fft.rfft(hanning)) ** 2, 2**-10))


for name, columns in cases():
    for at, column in enumerate(columns):
        print(",".join([name, str(at), *(f"{value:.12e}" for value in column)]))
